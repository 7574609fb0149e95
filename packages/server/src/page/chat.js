import { ask, follow, Problem, token } from "./api.js";
import { make, thoughtsOf, toItem } from "./message.js";

const untitled = "New conversation";
const parts = new Map([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const part = (id) => parts.get(id);
const messages = part("messages");

/** Path of the shown conversation below /api/conversations; undefined: a new one, made when something is said. */
let current;
/** Aborted when another conversation is shown. */
let shown = new AbortController();

/** Tells when one has read up to a screen below the first message. Nobody asked for what it does: a sentence about something else stays. */
const nearTop = new IntersectionObserver(
  (changes) => {
    if (changes.at(-1).isIntersecting) showEarlier().catch(report);
  },
  { root: part("scroll"), rootMargin: "100% 0px 0px" },
);
let loadsEarlier = false;

/** Does what somebody asked for; what went wrong stands below. */
async function attempt(work) {
  part("problem").textContent = "";
  try {
    await work();
  } catch (error) {
    report(error);
  }
}

function report(error) {
  if (error.name === "AbortError") return;
  const refused = error.status === 401;
  if (!refused || token.get()) part("problem").textContent = error.message;
  if (refused) showLogin();
  if (!(error instanceof Problem)) throw error;
}

function showLogin() {
  token.forget();
  shown.abort();
  part("chat").hidden = true;
  part("login").hidden = false;
  part("token").focus();
}

async function begin() {
  await showConversations();
  part("login").hidden = true;
  part("chat").hidden = false;
  await open();
}

async function showConversations(cursor) {
  const response = await ask("GET", cursor ? `?cursor=${encodeURIComponent(cursor)}` : "");
  const { items, next_cursor: next } = await response.json();
  const rows = items.map(({ id, title }) => {
    const link = make("a", "", title);
    link.href = `#${encodeURIComponent(id)}`;
    const row = make("li");
    row.append(link);
    return row;
  });
  if (cursor) part("conversations").append(...rows);
  else part("conversations").replaceChildren(...rows);
  part("older").hidden = !next;
  part("older").onclick = () => attempt(() => showConversations(next));
  markCurrent();
}

function markCurrent() {
  for (const link of part("conversations").querySelectorAll("a")) {
    if (link.hash === location.hash && current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Shows the conversation that the address names, and follows the answer that is on its way there. */
async function open() {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  current = location.hash.length > 1 ? `/${location.hash.slice(1)}` : undefined;
  markCurrent();
  messages.replaceChildren();
  part("earlier").hidden = true;
  setAnswering(false);
  showTitle(untitled);
  if (current === undefined) return part("message").focus();
  await showMessages(signal);
  const response = await ask("GET", `${current}/stream`, { signal });
  if (response.status !== 204) await read(async () => response);
}

/** The last messages, in place of those from the first of them on: what was loaded of earlier ones stays. */
async function showMessages(signal) {
  const response = await ask("GET", current, { signal });
  const conversation = await response.json();
  showTitle(conversation.title);
  const there = [...messages.children];
  const place = there.findIndex(({ dataset }) => dataset.id && dataset.id === conversation.messages[0]?.id);
  messages.replaceChildren(...there.slice(0, Math.max(place, 0)), ...conversation.messages.map(toItem));
  if (place === -1) offerEarlier(conversation);
  part("regenerate").hidden = messages.children.length === 0;
}

/** Puts those before the first message above it. What one reads stays where it is, for the list lies from the bottom up. */
async function showEarlier() {
  const before = messages.firstElementChild?.dataset.id;
  if (loadsEarlier || before === undefined) return;
  nearTop.unobserve(part("earlier"));
  loadsEarlier = true;
  try {
    const query = `?before=${encodeURIComponent(before)}`;
    const conversation = await (await ask("GET", current + query, { signal: shown.signal })).json();
    if (messages.firstElementChild?.dataset.id !== before) return;
    messages.prepend(...conversation.messages.map(toItem));
    offerEarlier(conversation);
  } finally {
    loadsEarlier = false;
  }
}

/** The count has messages that are not shown, too: where there are some, a page without any is the end. */
function offerEarlier({ messages: loaded, message_count: count }) {
  part("earlier").hidden = loaded.length === 0 || messages.children.length >= count;
  // Begun anew, it tells at once: what has come may not fill the screen.
  nearTop.unobserve(part("earlier"));
  nearTop.observe(part("earlier"));
}

function showTitle(title) {
  part("title").textContent = title;
  for (const id of ["rename", "delete"]) part(id).hidden = current === undefined;
}

function setAnswering(answering) {
  messages.setAttribute("aria-busy", String(answering));
  part("send").hidden = answering;
  part("stop").hidden = !answering;
  part("regenerate").hidden = answering || messages.children.length === 0;
}

/** Shows an answer while it comes; then what the server has kept of it. */
async function read(start) {
  const { signal } = shown;
  setAnswering(true);
  try {
    const response = await start();
    signal.throwIfAborted();
    const item = toItem({ role: "assistant", content: "" });
    messages.append(item);
    for await (const frame of follow(`${current}/stream`, response, signal)) {
      if (frame.error) throw new Problem(0, frame.error);
      if (frame.token) item.querySelector(".text").append(frame.token);
      if (frame.reasoning) thoughtsOf(item).append(frame.reasoning);
    }
  } finally {
    if (!signal.aborted) {
      const kept = current ? Promise.all([showMessages(signal), showConversations()]) : open();
      await kept.finally(() => signal.aborted || setAnswering(false));
    }
  }
}

/** What is said goes out whole, also when another conversation is shown meanwhile: it is not part of what is shown. */
async function send() {
  const content = part("message").value;
  if (content.trim() === "" || part("send").hidden) return;
  part("message").value = "";
  messages.append(toItem({ role: "user", content }));
  let taken = false;
  try {
    await read(async () => {
      const response = await ask("POST", `${current ?? (await create())}/messages`, { body: { content } });
      taken = true;
      return response;
    });
  } finally {
    if (!taken) part("message").value ||= content;
  }
}

async function create() {
  const { id } = await (await ask("POST", "", { body: {} })).json();
  current = `/${encodeURIComponent(id)}`;
  history.pushState(null, "", `#${current.slice(1)}`);
  return current;
}

async function regenerate() {
  const last = messages.lastElementChild;
  if (last?.className === "assistant") last.remove();
  await read(() => ask("POST", `${current}/regenerate`, { body: {} }));
}

async function rename() {
  const title = prompt("Title of this conversation", part("title").textContent)?.trim();
  if (!title) return;
  await ask("PATCH", current, { body: { title } });
  showTitle(title);
  await showConversations();
}

async function remove() {
  if (!confirm(`Delete "${part("title").textContent}" with its messages?`)) return;
  await ask("DELETE", current);
  location.hash = "";
  await showConversations();
}

part("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(part("token").value.trim());
  part("token").value = "";
  void attempt(begin);
});
part("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(send);
});
part("message").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  void attempt(send);
});
part("new").onclick = () => {
  location.hash = "";
  part("message").focus();
};
part("stop").onclick = () => attempt(() => ask("POST", `${current}/stop`));
part("earlier").onclick = () => attempt(showEarlier);
part("regenerate").onclick = () => attempt(regenerate);
part("rename").onclick = () => attempt(rename);
part("delete").onclick = () => attempt(remove);
addEventListener("hashchange", () => void attempt(open));
void attempt(begin);
