import { el, root, t, told } from "./dom.js";

root.append(el("section", {}, el("h1", {}, t[told.title]), el("p", {}, t[told.text])));
