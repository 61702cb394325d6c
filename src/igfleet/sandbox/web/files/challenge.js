import { button, el, post, root, t, told } from "./dom.js";

const alertBox = el("div", { role: "alert" });
if (told.is_sent) askForCode();
else offer();

function offer() {
  const text = el("p", {}, t.code_text.replace("{to}", told.to));
  root.append(el("section", {}, el("h1", {}, t.code_title), text, button(t.send_code, send), alertBox));
}

async function send() {
  try {
    const { body } = await post(location.pathname, { choice: told.choice });
    if (body.status === "ok") askForCode();
    else alertBox.textContent = body.message || t.trouble;
  } catch {
    alertBox.textContent = t.trouble;
  }
}

function askForCode() {
  const code = el("input", { name: "security_code", "aria-label": t.security_code, placeholder: t.security_code, maxlength: "6", inputmode: "numeric", autocomplete: "off" });
  root.replaceChildren(el("form", { onsubmit: hand }, el("h1", {}, t.security_code), el("p", {}, told.to), code, el("button", {}, t.submit), alertBox));

  async function hand(event) {
    event.preventDefault();
    alertBox.textContent = "";
    try {
      const { body } = await post(location.pathname, { security_code: code.value });
      if (body.status === "ok") location.href = "/";
      else alertBox.textContent = t.wrong_code;
    } catch {
      alertBox.textContent = t.trouble;
    }
  }
}
