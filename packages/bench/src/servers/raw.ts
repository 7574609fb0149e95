import { rawLoop } from "./raw-loop.ts";
import { serve } from "./serve.ts";

await serve(rawLoop);
