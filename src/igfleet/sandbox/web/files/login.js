import { button, cookie, dialog, el, post, root, t, told } from "./dom.js";

const alertBox = el("div", { role: "alert" });
const username = el("input", { name: "username", "aria-label": t.login_name, placeholder: t.login_name, autocapitalize: "off", oninput: look });
const password = el("input", { name: "password", type: "password", "aria-label": t.login_password, placeholder: t.login_password, oninput: look });
const submit = el("button", { type: "submit", disabled: true }, t.log_in);

root.append(el("form", { onsubmit: signIn }, el("h1", {}, "Instagram"), username, password, submit, alertBox));
if (told.switches.cookie_dialog && !cookie("ig_cb")) askForCookies();

function look() {
  submit.disabled = !username.value || password.value.length < 6;
}

function askForCookies() {
  const asked = dialog(
    t.cookies_title,
    el("h2", {}, t.cookies_title),
    button(t.cookies_allow, () => decide("all")),
    button(t.cookies_decline, () => decide("needed")),
  );
  function decide(answer) {
    document.cookie = `ig_cb=${answer}; path=/; max-age=31536000; secure`;
    asked.close();
  }
}

async function signIn(event) {
  event.preventDefault();
  alertBox.textContent = "";
  submit.disabled = true;
  try {
    const sealed = `#PWD_INSTAGRAM_BROWSER:0:${Math.floor(Date.now() / 1000)}:${password.value}`;
    const fields = { username: username.value, enc_password: sealed, optIntoOneTap: "false" };
    understand((await post("/api/v1/web/accounts/login/ajax/", fields)).body);
  } catch {
    alertBox.textContent = t.trouble;
  }
  look();
}

function understand(body) {
  if (body.two_factor_required) {
    sessionStorage.setItem("two_factor", JSON.stringify(body.two_factor_info));
    location.href = "/accounts/login/two_factor/";
  } else if (body.checkpoint_url) location.href = body.checkpoint_url;
  else if (body.authenticated) location.href = told.switches.save_info ? "/accounts/onetap/" : "/";
  else if (body.user === false) alertBox.textContent = t.unknown_user;
  else if (body.user) alertBox.textContent = t.wrong_password;
  else alertBox.textContent = /wait a few minutes/.test(body.message) ? t.wait : body.message || t.trouble;
}
