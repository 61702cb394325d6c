import { button, divButton, el, root, t } from "./dom.js";

const go = () => (location.href = "/");
root.append(el("section", {}, el("h1", {}, t.save_title), button(t.save_info, go), divButton(t.not_now, go)));
