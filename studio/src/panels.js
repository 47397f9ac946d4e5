// The panels below the editors: problems, the story of the chosen value, the difference to the snapshot.
import { el } from "./dom.js";
import { story } from "./words.js";

export class Panels {
  // `tabs` is [[name, label]]; `chosen(name)` is called when one is opened.
  constructor(tabs, chosen = () => {}) {
    this.chosen = chosen;
    this.buttons = new Map();
    this.panes = new Map();
    for (const [name, label] of tabs) {
      this.buttons.set(name, el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `pane-${name}`, onclick: () => this.open(name), onkeydown: (event) => this.moved(event) }, label));
      this.panes.set(name, el("div", { role: "tabpanel", id: `pane-${name}`, "aria-labelledby": `tab-${name}`, tabindex: "0" }));
    }
    this.element = el("section", { class: "panels", "aria-label": "Details" },
      el("div", { role: "tablist", "aria-label": "Details" }, [...this.buttons.values()]), [...this.panes.values()]);
    this.open(tabs[0][0]);
  }

  open(name) {
    this.opened = name;
    this.element.classList.toggle("tall", name === "sheet");
    for (const [each, button] of this.buttons) {
      button.setAttribute("aria-selected", String(each === name));
      button.tabIndex = each === name ? 0 : -1;
      this.panes.get(each).hidden = each !== name;
    }
    this.chosen(name);
  }

  moved(event) {
    const names = [...this.buttons.keys()];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = names[(names.indexOf(this.opened) + step + names.length) % names.length];
    this.open(next);
    this.buttons.get(next).focus();
  }

  fill(name, label, ...content) {
    this.buttons.get(name).textContent = label;
    this.panes.get(name).replaceChildren(...content.flat(Infinity).filter((each) => each != null));
  }

  problems(found, go) {
    const errors = found.filter((item) => item.severity === "error").length;
    const label = found.length ? `Problems (${found.length})` : "Problems";
    this.buttons.get("problems").classList.toggle("bad", errors > 0);
    if (!found.length) return this.fill("problems", label, el("p", { class: "quiet" }, "Nothing is wrong."));
    this.fill("problems", label, el("ul", { class: "problems" }, found.map((item) => problem(item, go))));
  }

  story(values) {
    if (values.length) this.fill("why", "Why", ...values.slice(0, 12).map(story), values.length > 12 ? el("p", { class: "quiet" }, `and ${values.length - 12} more`) : "");
  }

  difference(snapshot) {
    if (!snapshot) return this.fill("difference", "Snapshot", el("p", { class: "quiet" }, "There is no snapshot to compare with."));
    if (snapshot.verdict === "same") return this.fill("difference", "Snapshot ✓", el("p", { class: "quiet" }, "The result is that of the snapshot."));
    if (snapshot.verdict === "none") return this.fill("difference", "Snapshot", el("p", { class: "quiet" }, "This example has no snapshot: `pytest --snapshot-update` writes it."));
    const lines = snapshot.lines.length ? snapshot.lines : ["  only hidden values differ"];
    this.fill("difference", "Snapshot differs", el("pre", { class: "diff" }, lines.map(diffLine)));
  }
}

function problem(item, go) {
  const place = item.at ? `${item.at.file}:${item.at.line}:${item.at.column}` : item.input ? `${item.input.name} ${item.input.pointer}` : "";
  return el("li", { class: item.severity },
    el("span", { class: "kind" }, item.severity), " ", item.message, " ", el("code", {}, item.id),
    place ? el("button", { type: "button", class: "place", onclick: () => go(item) }, place) : null,
    item.help ? el("div", { class: "help" }, item.help) : null,
    item.notes.map((note) => el("div", { class: "quiet" }, note)),
  );
}

function diffLine(line) {
  const kind = { "+": "added", "-": "gone", "@": "quiet" }[line[0]] ?? "";
  return el("span", { class: kind }, `${line}\n`);
}
