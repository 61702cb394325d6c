// The dashboard's behaviour, bound to data- attributes. Everything works without it, only slower.
"use strict";

const root = document.documentElement;
const csrf = () => document.body.dataset.csrf;

// Theme
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme]")) return;
  const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", theme);
  try { localStorage.setItem("theme", theme); } catch (error) { /* private window: the choice lasts for this page */ }
});

// Times that say how long ago: kept true, by the server's clock.
const skew = Date.now() - Date.parse(document.body.dataset.now);
const steps = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
function tell(time) {
  const seconds = Math.floor((Date.now() - skew - Date.parse(time.dateTime)) / 1000);
  const [length, unit] = steps.find(([least]) => seconds >= least) || [1, "s"];
  time.textContent = seconds < 2 ? "just now" : `${Math.floor(seconds / length)}\u00a0${unit}\u00a0ago`;
}
setInterval(() => document.querySelectorAll("time[data-ago]").forEach(tell), 2000);

// Questions before what cannot be taken back
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !confirm(question)) event.preventDefault();
});

// Live parts: one stream a page tells that something changed; the part is then fetched again. It is fetched also when the
// stream opens and at each sign of life (every 15 s), so that a hint or an answer that got lost is made good.
const REOPEN_MS = 3000; // a browser comes back by itself after a broken line, but not after a refusal
const closers = new WeakMap();
function live(part) {
  part.setAttribute("hx-indicator", "title"); // a class on the part itself would have all its rows styled anew each time
  let stream = null;
  let again = 0;
  const open = () => {
    if (stream || !part.isConnected) return;
    stream = new EventSource(part.dataset.live);
    stream.onmessage = () => htmx.trigger(part, "refresh"); // while one is under way, one more waits
    stream.onerror = () => { if (stream?.readyState === EventSource.CLOSED) { close(); again = setTimeout(open, REOPEN_MS); } };
  };
  const close = () => { clearTimeout(again); if (stream) { stream.close(); stream = null; } };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  closers.set(part, close);
  open();
}
document.querySelectorAll("[data-live]").forEach(live);

// The log stays at its end unless somebody scrolled up.
const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
let follow = true;
document.addEventListener("scroll", (event) => { if (event.target.id === "log") follow = atEnd(event.target); }, true);
function toEnd() {
  const log = document.getElementById("log");
  if (log && follow) log.scrollTop = log.scrollHeight;
}
document.addEventListener("htmx:after:swap", toEnd);
toEnd();

// Uploads: several at once, each with its bar, in parts: what broke off goes on where it was, also after a reload.
const PART = 8 * 1024 * 1024;
const TRIES = 8;
const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
function send(method, address, headers, body, progress) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    for (const [name, value] of Object.entries({ "x-csrf-token": csrf(), accept: "application/json", ...headers })) request.setRequestHeader(name, value);
    if (progress) request.upload.onprogress = (event) => progress(event.loaded);
    request.onloadend = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch (error) { answer = {}; }
      done({ status: request.status, answer });
    };
    request.send(body);
  });
}
function uploadRow(file, list) {
  const row = document.createElement("li");
  const [name, bar, note] = ["span", "progress", "span"].map((tag) => row.appendChild(document.createElement(tag)));
  name.textContent = file.name;
  bar.setAttribute("aria-label", file.name);
  bar.max = file.size || 1;
  note.className = "text-secondary";
  list.querySelectorAll("[data-broken]").forEach((old) => { if (old.dataset.broken === file.name) old.remove(); });
  list.append(row);
  const say = (text, wrong = false) => { note.textContent = text; row.classList.toggle("is-wrong", wrong); };
  const at = (bytes) => { bar.value = bytes; say(`${Math.floor((100 * bytes) / bar.max)} %`); };
  return { say, at, full: () => { bar.value = bar.max; } };
}
async function upload(file, list, address) {
  const { say, at, full } = uploadRow(file, list);
  const query = new URLSearchParams({ name: file.name, size: file.size, modified: file.lastModified });
  for (let tries = 1; tries <= TRIES; tries += 1) {
    let { status, answer } = await send("POST", `${address}?${query}`);
    while (status === 200 && !answer.media_id) {
      const { id, offset } = answer;
      at(offset);
      const part = file.slice(offset, offset + PART);
      ({ status, answer } = await send("PATCH", `${address}/${id}`, { "upload-offset": offset }, part, (sent) => at(offset + sent)));
      if (status === 200) tries = 1;
    }
    if (status === 200) { full(); say(answer.is_new ? "uploaded" : "was there already"); return; }
    if (status >= 400 && status < 500 && status !== 404 && status !== 409) { full(); say(answer.detail || "It was refused.", true); return; }
    say("The connection broke off. Trying again …", true);
    await wait(Math.min(2 ** tries / 4, 15));
  }
  say("The upload broke off. Choose the file again: it goes on where it was.", true);
}
async function uploadAll(files, zone) {
  const list = document.querySelector("[data-uploads]");
  const queue = [...files];
  const lane = async () => { while (queue.length) await upload(queue.shift(), list, zone.dataset.upload); };
  await Promise.all([lane(), lane(), lane()]);
  const part = document.querySelector("[data-live]");
  if (part) htmx.trigger(part, "refresh");
}
document.querySelectorAll("[data-upload]").forEach((zone) => {
  const input = zone.querySelector("input[type=file]");
  input.addEventListener("change", () => { uploadAll(input.files, zone); });
  for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("is-over"); });
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => { event.preventDefault(); uploadAll(event.dataTransfer.files, zone); });
});

// Pickers: find by name, tick all that are shown.
document.querySelectorAll("[data-find]").forEach((field) => {
  const list = document.querySelector(field.dataset.find);
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase();
    list.querySelectorAll("[data-name]").forEach((row) => { row.hidden = !row.dataset.name.toLowerCase().includes(wanted); });
  });
});
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-all]");
  if (all) document.querySelectorAll(`[name="${all.dataset.all}"]`).forEach((box) => { if (!box.closest("[hidden]")) box.checked = all.checked; });
});

// Filters that answer while one types: the same page is asked for, and its parts that the filter changes taken over.
document.querySelectorAll("[data-live-filter]").forEach((form) => {
  const places = form.dataset.liveFilter.split(" ");
  let asked = 0;
  let timer = 0;
  let present = null;
  const ask = async () => {
    const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    const address = `${form.getAttribute("action")}${given.size ? `?${given}` : ""}`;
    if (address === present) return; // leaving the field changes nothing: what is ticked stays ticked
    present = address;
    const mine = ++asked;
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (!answer.ok) { present = null; return; }
    if (mine !== asked) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = places.map((place) => [document.querySelector(place), found.querySelector(place)]);
    if (mine !== asked || parts.some(([old, part]) => !old || !part)) return;
    history.replaceState(null, "", address);
    parts.forEach(([old, part]) => {
      old.querySelectorAll("[data-live]").forEach((gone) => closers.get(gone)?.());
      old.replaceWith(part);
      htmx.process(part);
      part.querySelectorAll("[data-live]").forEach(live);
    });
    document.dispatchEvent(new Event("igfleet:results"));
  };
  const soon = (pause) => { clearTimeout(timer); timer = setTimeout(() => { ask().catch(() => { present = null; /* the form's button is still there */ }); }, pause); };
  form.addEventListener("input", () => soon(150));
  form.addEventListener("change", () => soon(0));
});

// Selections: how many are ticked; all that match outweighs them.
function showSelected() {
  document.querySelectorAll("[data-bulk]").forEach((form) => {
    const told = form.querySelector("[data-bulk-count]");
    told.dataset.empty ||= told.textContent;
    const all = form.elements.all && form.elements.all.checked;
    const count = document.querySelectorAll(`[form="${form.id}"]:checked`).length;
    told.textContent = all ? "All that match" : count ? `${count} selected` : told.dataset.empty;
    form.classList.toggle("is-used", Boolean(all || count));
  });
}
document.addEventListener("change", (event) => { if (event.target.matches("[type=checkbox]")) showSelected(); });
document.addEventListener("igfleet:results", showSelected);
document.addEventListener("htmx:after:swap", showSelected);
showSelected();

// The order of ticked tiles: the order of ticking, told by numbers and sent along.
document.querySelectorAll("[data-order-of]").forEach((field) => {
  const boxes = [...document.querySelectorAll(`[type=checkbox][name="${field.dataset.orderOf}"]`)];
  const show = (order) => {
    field.value = order.join(",");
    boxes.forEach((box) => { box.closest("label").dataset.place = order.indexOf(box.value) + 1 || ""; });
  };
  const order = () => field.value.split(",").filter((key) => boxes.some((box) => box.checked && box.value === key));
  boxes.forEach((box) => box.addEventListener("change", () => {
    const before = order().filter((key) => key !== box.value);
    show(box.checked ? [...before, box.value] : before);
  }));
  show([...new Set([...order(), ...boxes.filter((box) => box.checked).map((box) => box.value)])]);
});

// Batches of the schedule: dropped on a day or an hour, the form of "Move to…" opens with that time.
let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-move]");
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => { if (dragged && event.target.closest("[data-drop]")) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  const place = event.target.closest("[data-drop]");
  if (!dragged || !place) return;
  event.preventDefault();
  const { drop } = place.dataset;
  location.assign(`${dragged.dataset.move}&${new URLSearchParams({ to: drop.includes("T") ? drop : `${drop}T${dragged.dataset.clock}` })}`);
});
document.addEventListener("dragend", () => { dragged = null; });

// Pages for paper
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });

// Text as a file
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save]");
  if (!button) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([button.dataset.text], { type: "text/csv" }));
  link.download = button.dataset.save;
  link.click();
  URL.revokeObjectURL(link.href);
});

// Pop-ups close when somebody looks elsewhere.
const popups = () => document.querySelectorAll("[data-popup][open]");
document.addEventListener("click", (event) => popups().forEach((one) => { if (!one.contains(event.target)) one.open = false; }));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  popups().forEach((one) => { one.open = false; one.querySelector("summary").focus(); });
});

// The palette: the server searches, the arrows choose, Enter goes.
const palette = document.getElementById("palette");
function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  const input = palette.querySelector("input");
  input.select();
  input.dispatchEvent(new Event("input"));
}
if (palette) {
  const input = palette.querySelector("input");
  const list = document.getElementById("palette-list");
  let asked = 0;
  let timer = 0;
  const choose = (row) => {
    list.querySelectorAll("[aria-selected]").forEach((one) => one.removeAttribute("aria-selected"));
    if (row) { row.setAttribute("aria-selected", "true"); row.scrollIntoView({ block: "nearest" }); }
    input.setAttribute("aria-activedescendant", row ? row.id : "");
  };
  const ask = async () => {
    const mine = ++asked;
    const answer = await fetch(`/find?${new URLSearchParams({ q: input.value })}`, { headers: { "hx-request": "true", accept: "text/html" } });
    const text = await answer.text();
    if (mine !== asked) return;
    list.innerHTML = text;
    choose(list.querySelector("a"));
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { ask().catch(() => { list.textContent = "The server does not answer. Try again."; }); }, 80); });
  input.addEventListener("keydown", (event) => {
    const rows = [...list.querySelectorAll("a")];
    const at = rows.findIndex((row) => row.hasAttribute("aria-selected"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && rows.length) { event.preventDefault(); choose(rows[(at + step + rows.length) % rows.length]); }
    if (event.key === "Enter" && rows[at]) { event.preventDefault(); rows[at].click(); }
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) { event.preventDefault(); openPalette(); }
  });
}

// Keys: off in fields, and altogether when a person switched them off.
const sheet = document.getElementById("keys");
const keysOff = () => { try { return localStorage.getItem("keys") === "off"; } catch (error) { return false; } };
let led = false;
const rowsOf = () => [...document.querySelectorAll("[data-rows] tbody tr, main .table tbody tr, main .plain-list > li, main .asked-list > li")].filter((row) => row.offsetParent);
const rowAt = () => document.querySelector(".is-at");
function stepTo(step) {
  const rows = rowsOf();
  const old = rowAt();
  const place = Math.min(Math.max(rows.indexOf(old) + step, 0), rows.length - 1);
  if (old) old.classList.remove("is-at");
  if (!rows[place]) return;
  rows[place].classList.add("is-at");
  rows[place].scrollIntoView({ block: "nearest" });
}
const press = (...places) => {
  const found = places.map((place) => document.querySelector(place)).find((one) => one && one.offsetParent);
  if (found) found.click();
};
const acts = {
  "?": () => { if (sheet) sheet.showModal(); },
  "/": () => { const field = document.querySelector("[data-filter], .filters input[type=search]"); if (field) field.focus(); },
  j: () => stepTo(1),
  k: () => stepTo(-1),
  x: () => { const box = rowAt() && rowAt().querySelector("[type=checkbox]"); if (box) box.click(); },
  Enter: () => { const link = rowAt() && rowAt().querySelector("[data-open], a.strong, a"); if (link) link.click(); },
  n: () => press("[data-key=n]", ".head .btn-primary[href*='/new']", ".new-task > summary"),
  r: () => press("[data-key=r]", "form[action$='/retry'] button"),
  "[": () => press("[rel=first]", "[rel=prev]"),
  "]": () => press("[rel=next]"),
};
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
  if (keysOff() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary, video")) return;
  if (led) {
    led = false;
    press(`[data-go="${CSS.escape(event.key)}"]`);
    return;
  }
  if (event.key === "g") { led = true; setTimeout(() => { led = false; }, 1500); return; }
  if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
});
if (sheet) {
  const knob = sheet.querySelector("[data-keys-switch]");
  const show = () => { knob.setAttribute("aria-pressed", String(!keysOff())); knob.textContent = keysOff() ? "Keys are off" : "Keys are on"; };
  knob.addEventListener("click", () => {
    try { localStorage.setItem("keys", keysOff() ? "on" : "off"); } catch (error) { /* private window: keys stay as they are */ }
    show();
  });
  show();
}
document.addEventListener("click", (event) => { if (sheet && event.target.closest("[data-keys]")) sheet.showModal(); });

// The menu is open on wide screens.
const menu = document.querySelector("[data-menu]");
if (menu) {
  const wide = matchMedia("(min-width: 900px)");
  const fit = () => { menu.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
}
