// The dialogue "Create new post", from the file to the last step.

import { button, dialog, divButton, el, icon, t, told } from "./dom.js";
import { framed, opened } from "./clip.js";
import { collaborators, location } from "./details.js";
import { share } from "./share.js";

export function openCreate() {
  const post = { ratio: "1:1", caption: "", place: null, people: [], cover: null };
  const window_ = dialog(t.create_title);
  chooseFile(window_, post);
}

function head(title, forward) {
  return el("header", {}, el("h1", {}, title), forward ?? null);
}

function chooseFile(window_, post) {
  const alertBox = el("div", { role: "alert" });
  const input = el("input", { type: "file", accept: "image/jpeg,image/png,video/mp4,video/quicktime", onchange: chosen });
  window_.show(head(t.create_title), el("form", {}, input, button(t.select_from_computer, () => input.click())), alertBox);

  async function chosen() {
    try {
      post.clip = await opened(input.files[0]);
    } catch {
      alertBox.textContent = t.file_refused;
      return;
    }
    crop(window_, post);
    if (told.switches.reels_notice && !localStorage.getItem("told_of_reels")) tellOfReels();
  }
}

function tellOfReels() {
  const notice = dialog(t.reels_notice, el("h2", {}, t.reels_notice), button(t.ok, close));
  function close() {
    localStorage.setItem("told_of_reels", "yes");
    notice.close();
  }
}

function crop(window_, post) {
  const ratios = [[t.original, "original"], ["1:1", "1:1"], ["9:16", "9:16"], ["16:9", "16:9"]];
  const choices = el("div", { hidden: true });
  for (const [label, ratio] of ratios) {
    choices.append(el("button", { type: "button", onclick: () => choose(ratio) }, el("div", {}, label), el("div", {}, icon(t.ratio_icon))));
  }
  const open = el("button", { type: "button", onclick: () => choices.toggleAttribute("hidden") }, icon(t.select_crop));
  window_.show(head(t.crop, divButton(t.next, () => edit(window_, post))), post.clip.video, open, choices);

  function choose(ratio) {
    post.ratio = ratio;
    choices.setAttribute("hidden", "");
  }
}

function edit(window_, post) {
  const input = el("input", { type: "file", accept: "image/jpeg,image/png", onchange: () => (post.cover = input.files[0]) });
  window_.show(
    head(t.edit, divButton(t.next, () => details(window_, post))),
    el("h2", {}, t.cover_photo),
    el("form", {}, input, button(t.select_from_computer, () => input.click())),
  );
}

function details(window_, post) {
  const caption = el("div", { contenteditable: "true", role: "textbox", "aria-label": t.write_caption, "aria-placeholder": t.write_caption });
  const send = divButton(t.share, async () => {
    post.caption = written(caption);
    await share(window_, { ...post, frame: framed(post.clip, post.ratio) });
  });
  window_.show(head(t.new_reel, send), caption, location(post), collaborators(post));
  caption.focus();
}

/** The text line by line: each line after the first is a block of its own. */
function written(box) {
  return [...box.childNodes].map((node, at) => (at && node.nodeName === "DIV" ? "\n" : "") + node.textContent).join("");
}
