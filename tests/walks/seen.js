// What stands in the page that only a hostile string can have put there.
(computed) => {
  const wrong = [];
  for (const one of document.querySelectorAll("*")) {
    for (const { name } of one.attributes) if (/^(on|hx-on|data-hx-on|_$|style$)/.test(name)) wrong.push(`${one.tagName} has ${name}`);
  }
  const never = "script:not([src]), iframe, object, embed, base, meta[http-equiv], link:not([href^='/static/']), style";
  document.querySelectorAll(never).forEach((one) => wrong.push(`${one.tagName} in the page`));
  for (const one of document.querySelectorAll("a[href], form[action]")) {
    const { protocol } = new URL(one.getAttribute("href") || one.getAttribute("action"), location.href);
    if (!["http:", "https:", "blob:"].includes(protocol)) wrong.push(`${one.tagName} leads to ${protocol}`);
  }
  if (document.body.innerText.includes(computed)) wrong.push("a template was computed");
  return wrong;
}
