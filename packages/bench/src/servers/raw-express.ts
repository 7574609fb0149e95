import { express } from "./express.ts";
import { rawLoop } from "./raw-loop.ts";
import { serve } from "./serve.ts";

/** What Express costs by itself. */

const app = express();
app.use(rawLoop);

await serve(app);
