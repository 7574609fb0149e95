/** All text, whoever wrote it, goes through here and stays text. */
export function make(name, className = "", text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

export function toItem({ id, role, content, reasoning, status }) {
  const item = make("li", role);
  if (id) item.dataset.id = id;
  item.append(make("span", "author", { user: "You", assistant: "Assistant" }[role] ?? role));
  if (reasoning) thoughtsOf(item).textContent = reasoning;
  item.append(make("p", "text", content));
  const note = { interrupted: "Stopped.", failed: "Not complete: something went wrong." }[status];
  if (note) item.append(make("span", "note", note));
  return item;
}

/** The place of what the model thought. */
export function thoughtsOf(item) {
  const there = item.querySelector("details p");
  if (there) return there;
  const details = make("details");
  const thoughts = make("p");
  details.append(make("summary", "", "Reasoning"), thoughts);
  item.querySelector(".author").after(details);
  return thoughts;
}
