import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, pipeUIMessageStreamToResponse, streamText, toUIMessageStream } from "ai";
import { chatApp } from "./express.ts";
import { model as name, providerUrl, serve } from "./serve.ts";

/** The AI SDK on Express. */

const model = createOpenAICompatible({ name: "bench", baseURL: providerUrl })(name);

const app = chatApp(async ({ body }, response) => {
  if (!body.stream) {
    const { text } = await generateText({ model, prompt: body.message });
    response.json({ message: text });
    return;
  }
  const result = streamText({ model, prompt: body.message });
  await pipeUIMessageStreamToResponse({ response, stream: toUIMessageStream({ stream: result.stream }) });
});

await serve(app);
