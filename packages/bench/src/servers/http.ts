import { createChatEngine } from "@parlor/core";
import { createHandler } from "@parlor/http";
import { listener } from "@parlor/http/node";
import { openai } from "@parlor/openai";
import { model, providerUrl, serve } from "./serve.ts";

/** Parlor on `node:http`, without a framework. */

const engine = createChatEngine({ backend: openai({ model, baseURL: providerUrl }) });

await serve(listener(createHandler(engine, { auth: () => ({ id: "ada" }) })));
