// The small things that every page of the site is made of.

export const told = JSON.parse(document.getElementById("told").textContent);
export const t = told.texts;
export const root = document.getElementById("root");

const names = {};

/** A class name that nobody can know beforehand: another one with every load, as on the real site. */
function nameOf(kind) {
  names[kind] ??= "x" + Math.random().toString(36).slice(2, 9);
  return names[kind];
}

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  node.className = nameOf(tag + (attributes.role ?? ""));
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

export function icon(label) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const title = document.createElementNS(space, "title");
  const circle = document.createElementNS(space, "circle");
  title.textContent = label;
  svg.setAttribute("aria-label", label);
  svg.setAttribute("role", "img");
  svg.setAttribute("viewBox", "0 0 24 24");
  for (const [name, value] of [["cx", 12], ["cy", 12], ["r", 9]]) circle.setAttribute(name, value);
  svg.append(title, circle);
  return svg;
}

export function button(text, onclick, attributes = {}) {
  return el("button", { type: "button", onclick, ...attributes }, text);
}

/** Something that is a button to people and to assistive programs, but not to the browser. */
export function divButton(text, onclick, attributes = {}) {
  return el("div", { role: "button", tabindex: "0", onclick, ...attributes }, text);
}

/** Cover the page with a dialogue; `close()` removes it. */
export function dialog(label, ...children) {
  const box = el("div", {}, ...children);
  const node = el("div", { role: "dialog", "aria-label": label, "aria-modal": "true" }, box);
  document.body.append(node);
  return { node, box, close: () => node.remove(), show: (...fresh) => box.replaceChildren(...fresh) };
}

export function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
  return found ? found.slice(name.length + 1) : "";
}

/** Send a form; the status and the parsed answer. Throws when there is no answer. */
export async function post(path, fields) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "X-CSRFToken": cookie("csrftoken"), "X-Requested-With": "XMLHttpRequest" },
    body: new URLSearchParams(fields),
  });
  return { status: answer.status, body: await answer.json() };
}

export async function read(path) {
  const answer = await fetch(path, { headers: { "X-CSRFToken": cookie("csrftoken") } });
  return answer.json();
}
