// Every form of the page into which somebody types, as it would be sent: its fields with what stands in them.
() => {
  const typed = ["text", "search", "email", "url", "tel", "password", "textarea", "number", "date", "time", "datetime-local", "month"];
  const sent = (one) => {
    if (!one.name || one.disabled || ["submit", "button", "image", "reset", "file", "fieldset"].includes(one.type)) return false;
    return !["checkbox", "radio"].includes(one.type) || one.checked;
  };
  const read = (one) => {
    const chosen = one.tagName === "SELECT" ? one.value || [...one.options].map((option) => option.value).find(Boolean) || "" : one.value;
    return { name: one.name, type: one.type, is_typed: typed.includes(one.type), value: chosen, sample: one.placeholder || "", is_required: one.required };
  };
  return [...document.forms]
    .map((form) => {
      const fields = [...form.elements].filter(sent).map(read);
      const names = new Set(fields.map((one) => one.name));
      const first = [...form.elements].filter((one) => one.type === "checkbox" && one.name && !names.has(one.name));
      for (const box of first) if (!names.has(box.name)) { names.add(box.name); fields.push(read(box)); }
      const address = new URL(form.getAttribute("action") || location.href, location.href);
      return { method: form.getAttribute("method") || "get", path: address.pathname + address.search, coding: form.enctype, fields };
    })
    .filter((form) => form.fields.some((one) => one.is_typed));
}
