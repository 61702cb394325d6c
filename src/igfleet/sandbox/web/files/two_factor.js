import { el, post, root, t, told } from "./dom.js";

const info = JSON.parse(sessionStorage.getItem("two_factor") ?? "{}");
const alertBox = el("div", { role: "alert" });
const code = el("input", { name: "verificationCode", "aria-label": t.security_code, placeholder: t.security_code, maxlength: "8", inputmode: "numeric", autocomplete: "off" });

root.append(
  el("form", { onsubmit: confirm }, el("h1", {}, t.two_factor_title), code, el("button", {}, t.confirm), alertBox),
);

async function confirm(event) {
  event.preventDefault();
  alertBox.textContent = "";
  try {
    const fields = { username: info.username ?? "", identifier: info.two_factor_identifier ?? "", verificationCode: code.value };
    const { body } = await post("/api/v1/web/accounts/login/ajax/two_factor/", fields);
    if (body.checkpoint_url) location.href = body.checkpoint_url;
    else if (body.authenticated) location.href = told.switches.save_info ? "/accounts/onetap/" : "/";
    else alertBox.textContent = /wait a few minutes/.test(body.message) ? t.wait : t.wrong_code;
  } catch {
    alertBox.textContent = t.trouble;
  }
}
