import OpenAI from "openai";
import { chatApp } from "./express.ts";
import { model, providerUrl, serve } from "./serve.ts";

/** The `openai` SDK by hand on Express. */

const client = new OpenAI({ apiKey: "none", baseURL: providerUrl });

const app = chatApp(async ({ body }, response) => {
  const messages = [{ role: "user", content: body.message }] as const;
  if (!body.stream) {
    const completion = await client.chat.completions.create({ model, messages: [...messages] });
    response.json({ message: completion.choices[0]?.message.content });
    return;
  }
  const stream = await client.chat.completions.create({ model, messages: [...messages], stream: true });
  response.writeHead(200, { "content-type": "text/event-stream" });
  for await (const chunk of stream) {
    const content = chunk.choices[0]?.delta.content;
    if (content) response.write(`data: ${JSON.stringify({ content })}\n\n`);
  }
  response.end("data: [DONE]\n\n");
});

await serve(app);
