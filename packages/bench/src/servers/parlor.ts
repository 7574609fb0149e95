import { createChatEngine } from "@parlor/core";
import { parlor } from "@parlor/express";
import { openai } from "@parlor/openai";
import { express } from "./express.ts";
import { model, providerUrl, serve } from "./serve.ts";

/** Parlor on Express, with its defaults: every turn is stored in memory, logged and can be resumed. */

const engine = createChatEngine({ backend: openai({ model, baseURL: providerUrl }) });

const app = express();
app.use(parlor(engine, { auth: () => ({ id: "ada" }) }));

await serve(app);
