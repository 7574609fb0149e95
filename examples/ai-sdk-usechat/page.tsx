// A conversation that survives its page: reloaded in mid-answer, it goes on with the answer.
import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport, type UIMessage } from "ai";
import { useState } from "react";

const headers = { "x-user": "ada" };

/** What is stored; of a conversation that nobody has begun there is nothing. */
export async function load(api: string, id: string): Promise<UIMessage[]> {
  const response = await fetch(`${api}/${id}/messages`, { headers });
  return response.ok ? response.json() : [];
}

export function Page({ api, id, stored }: { api: string; id: string; stored: UIMessage[] }) {
  const [transport] = useState(() => new DefaultChatTransport({ api, headers }));
  const chat = useChat({ id, messages: stored, transport, resume: true });
  // useChat's own `stop` only leaves; the turn would go on.
  const stop = () => void fetch(`${api}/${id}/stop`, { method: "POST", headers });
  const say = (form: FormData) => void chat.sendMessage({ text: form.get("text") as string });
  return (
    <main>
      {chat.messages.map(({ id: key, role, parts }) => (
        <p key={key} className={role}>
          {parts.map((part) => (part.type === "text" ? part.text : ""))}
        </p>
      ))}
      <form action={say}>
        <input name="text" aria-label="Message" />
        <button disabled={chat.status !== "ready"}>Send</button>
      </form>
      {chat.status === "ready" || chat.status === "error" ? (
        <button onClick={() => void chat.regenerate()}>Again</button>
      ) : (
        <button onClick={stop}>Stop</button>
      )}
    </main>
  );
}
