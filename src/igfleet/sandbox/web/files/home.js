import { button, dialog, el, icon, root, t, told } from "./dom.js";
import { openCreate } from "./create.js";

const menu = el("div", { role: "menu", hidden: true }, link(t.post, t.post, create));

root.append(
  el(
    "nav",
    {},
    link(t.home, t.home, () => {}),
    link(t.new_post, t.create, told.switches.submenu ? toggle : create),
    menu,
    link(told.user.username, t.profile, () => {}),
  ),
  el("p", {}, told.user.username),
);
if (told.switches.notifications && !localStorage.getItem("asked_notifications")) askForNotifications();

function link(label, text, onclick) {
  const pressed = (event) => {
    event.preventDefault();
    onclick();
  };
  return el("a", { href: "#", role: "link", onclick: pressed }, el("div", {}, icon(label)), el("div", {}, text));
}

function toggle() {
  menu.toggleAttribute("hidden");
}

function create() {
  menu.setAttribute("hidden", "");
  openCreate();
}

function askForNotifications() {
  const asked = dialog(
    t.notifications_title,
    el("h2", {}, t.notifications_title),
    button(t.turn_on, answered),
    button(t.not_now_loud, answered),
  );
  function answered() {
    localStorage.setItem("asked_notifications", "yes");
    asked.close();
  }
}
