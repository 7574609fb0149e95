import { repliesOf, text as steps } from "@parlor/testkit/openai";
import { expect, test } from "vitest";
import { fakeModel, serve } from "../support/serve.ts";

interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly is_favorited: boolean;
  readonly model_tag: string;
}
interface Message {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly status: string;
}
interface Line {
  readonly token?: string;
  readonly done?: boolean;
  readonly message_id?: string;
}

/** A front end of the conversations API, which knows nothing but lines that begin with `data: `. */
function frontEnd(url: string, headers: Record<string, string> = {}) {
  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${(JSON.parse(text) as { detail: string }).detail}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Reads lines until one says that it is done. */
  async function* answer(path: string, body: object): AsyncGenerator<Line> {
    const init = {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(url + path, init);
    let rest = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("data: ")) continue;
        const data = JSON.parse(line.slice(6)) as Line;
        yield data;
        if (data.done) return;
      }
    }
    throw new Error("it ended without `done`");
  }

  async function text(path: string, body: object): Promise<string> {
    let said = "";
    for await (const { token = "" } of answer(path, body)) said += token;
    return said;
  }

  return { call, answer, text };
}

test("a conversations front end: say, rename, favourite, edit, regenerate, stop, list by day, swap the model", async () => {
  const { fake, variables } = await fakeModel();
  fake.next({ steps: steps("Hello from the fake.") }, repliesOf(5, 1), repliesOf(3, 1));
  const secret = { SECRET_KEY: "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa", DEFAULT_ADMIN_PASSWORD: "correct horse battery" };
  const { url } = await serve({ ...variables, ...secret, MODELS: "gpt-5-mini,gpt-4o" });
  const { call, answer, text } = frontEnd(url);
  const created = await call<Conversation>("POST", "/api/conversations", {});
  expect(created).toMatchObject({ title: "New conversation", is_favorited: false, model_tag: "gpt-5-mini" });
  const path = `/api/conversations/${created.id}`;
  const read = () => call<Conversation & { messages: Message[] }>("GET", path);

  expect(await text(`${path}/messages`, { content: "What is a parlor?" })).toBe("Hello from the fake.");
  const [question] = (await read()).messages;
  expect((await read()).title).toBe("What is a parlor?");
  expect(await call("PUT", path, { title: "Rooms" })).toMatchObject({ title: "Rooms" });
  expect(await call("PATCH", path, { is_favorited: true })).toMatchObject({ is_favorited: true, title: "Rooms" });

  expect(await text(`${path}/messages`, { content: "What is a salon?", edit_of: question?.id })).toBe(
    " tok0 tok1 tok2 tok3 tok4",
  );
  expect((await read()).messages.map(({ content }) => content)).toEqual([
    "What is a salon?",
    " tok0 tok1 tok2 tok3 tok4",
  ]);
  expect(await text(`${path}/regenerate`, {})).toBe(" tok0 tok1 tok2");
  expect((await read()).messages.map(({ content }) => content)).toEqual(["What is a salon?", " tok0 tok1 tok2"]);

  fake.next({ ...repliesOf(50, 1), wire: { perWrite: 1, cut: { at: 2_000, how: "stall" } } });
  let kept = "";
  let stopped: object | undefined;
  let last: Line = {};
  for await (const line of answer(`${path}/messages`, { content: "Count" })) {
    kept += line.token ?? "";
    last = line;
    stopped ??= await call<object>("POST", `${path}/stop`);
  }
  expect(stopped).toEqual({ stopped: true });
  expect(last).toEqual({ done: true, message_id: expect.any(String) });
  expect((await read()).messages.at(-1)).toMatchObject({
    id: last.message_id,
    content: kept,
    status: "interrupted",
  });

  await call("POST", "/api/conversations", { title: "Another" });
  const { grouped, items } = await call<{ grouped: Record<string, Conversation[]>; items: Conversation[] }>(
    "GET",
    "/api/conversations",
  );
  expect(items.map(({ title }) => title)).toEqual(["Another", "Rooms"]);
  expect(Object.values(grouped).flat()).toEqual(items);

  await expect(call("POST", "/api/models/swap", { model_tag: "gpt-4o" })).rejects.toThrow("403");
  const { access_token: token } = await call<{ access_token: string }>("POST", "/admin/login", {
    username: "admin",
    password: "correct horse battery",
  });
  const admin = frontEnd(url, { authorization: `Bearer ${token}` });
  await admin.call("POST", "/api/models/swap", { model_tag: "gpt-4o" });
  expect(await call("GET", "/api/models")).toMatchObject({ current_model: "gpt-4o" });
  const before = fake.requests.length;
  await text(`${path}/messages`, { content: "And now?" });
  expect(fake.requests[before]?.body).toMatchObject({ model: "gpt-4o" });

  await call("DELETE", path);
  await expect(read()).rejects.toThrow("404 conversation not found");
});
