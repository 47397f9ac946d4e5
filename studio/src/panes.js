// The columns of a view, with a switch between them where the screen is narrow.
import { el } from "./dom.js";

// `titles` is [[name, detail]]. Gives the bodies of the panes.
export function panes(parent, titles, below) {
  const bodies = titles.map(() => el("div", { class: "editor" }));
  const sections = titles.map(([name, detail], place) => el("section", { class: "pane", "aria-label": name },
    el("h2", {}, name, detail ? el("span", { class: "quiet" }, ` ${detail}`) : null), bodies[place]));
  const buttons = titles.map(([name], place) => el("button", { type: "button", "aria-pressed": "false", onclick: () => show(place) }, name));
  const columns = el("div", { class: "columns" }, sections);
  function show(chosen) {
    sections.forEach((section, place) => section.classList.toggle("shown", place === chosen));
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(place === chosen)));
  }
  show(titles.length > 1 ? 1 : 0);
  parent.replaceChildren(el("div", { class: "pick" }, buttons), columns, below);
  return bodies;
}
