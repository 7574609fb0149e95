import { fakeOpenAI, repliesOf } from "@parlor/testkit/openai";
import { measures } from "./measures.ts";

// Made once, so that serving one costs the provider only its writes.
const replies = new Map(
  measures.map(({ name, reply }) => [name as string, repliesOf(reply.tokens, reply.perWrite, reply.paceMs)]),
);

const { url } = await fakeOpenAI({
  record: false,
  reply({ body }) {
    const reply = replies.get(body?.messages?.at(-1)?.content as string);
    if (!reply) throw new Error("The server under test did not pass the message on as it came");
    return reply;
  },
});
process.on("disconnect", () => process.exit());
process.send?.(url);
