// The two fields with suggestions of the last step.

import { button, el, read, t } from "./dom.js";

export function location(post) {
  return suggesting(t.add_location, findPlaces, (place, input) => {
    post.place = place;
    input.value = place.name;
  });
}

export function collaborators(post) {
  const chosen = el("p", {});
  const field = suggesting(t.add_collaborators, findPeople, (person, input) => {
    post.people.push(person);
    chosen.append(person.name + " ");
    input.value = "";
  });
  field.append(chosen, button(t.done, () => field.querySelector("ul").replaceChildren()));
  return field;
}

async function findPlaces(text) {
  const found = await read("/api/v1/fbsearch/places/?query=" + encodeURIComponent(text));
  return found.items.map((item) => ({ name: item.location.name, more: item.subtitle, ...item.location }));
}

async function findPeople(text) {
  const found = await read("/api/v1/users/search/?q=" + encodeURIComponent(text));
  return found.users.map((user) => ({ pk: user.pk, name: user.username, more: user.full_name }));
}

function suggesting(label, find, take) {
  const list = el("ul", {});
  const input = el("input", { type: "text", "aria-label": label, placeholder: label, oninput: ask });
  return el("section", {}, input, list);

  async function ask() {
    const text = input.value;
    const found = text ? await find(text) : [];
    if (text !== input.value) return;
    list.replaceChildren(...found.map((one) => el("li", {}, choice(one))));
    if (text && !found.length) list.append(el("li", {}, t.no_results));
  }

  function choice(one) {
    const pressed = () => {
      take(one, input);
      list.replaceChildren();
    };
    return el("button", { type: "button", onclick: pressed }, el("span", {}, one.name), " ", el("span", {}, one.more ?? ""));
  }
}
