// The side bar: which file, and its examples as tabs.
import { byId, el } from "./dom.js";

const KINDS = { conversation: "conversation", steps: "shared steps" };

export class Side {
  // `chosen(file, example)` is called when another one is opened.
  constructor(files, chosen) {
    this.files = files;
    this.chosen = chosen;
    this.picker = el("select", { id: "file", onchange: () => this.open(this.picker.value) });
    for (const [channel, list] of grouped(files)) {
      this.picker.append(el("optgroup", { label: channel }, list.map((file) => el("option", { value: file.path }, label(file)))));
    }
    this.filter = el("input", { id: "filter", type: "search", placeholder: "Find an example", oninput: () => this.narrow() });
    this.tabs = el("div", { role: "tablist", "aria-label": "Examples", "aria-orientation": "vertical", class: "examples", onkeydown: (event) => this.moved(event) });
    this.count = el("span", { class: "quiet" });
    byId("side").replaceChildren(
      el("label", { for: "file" }, "File"), this.picker,
      el("div", { class: "row" }, el("label", { for: "filter" }, "Examples"), this.count), this.filter, this.tabs,
    );
  }

  open(path, example = null) {
    this.file = this.files.find((file) => file.path === path) ?? this.files[0];
    this.picker.value = this.file.path;
    this.filter.value = "";
    const { examples } = this.file;
    this.count.textContent = examples.length ? String(examples.length) : "none";
    this.tabs.replaceChildren(...examples.map((each) => this.tab(each)));
    this.pick(examples.find((each) => each.path === example) ?? examples.find((each) => each.name.startsWith("full")) ?? examples[0] ?? null);
  }

  tab(example) {
    const channel = example.of === this.file.name ? "" : ` · ${example.of.split("/").at(-1)}`;
    return el("button", { type: "button", role: "tab", "data-path": example.path, "aria-controls": "main", onclick: () => this.pick(example) },
      el("span", { class: "dot", "aria-hidden": "true" }), example.name.replaceAll("-", " ") + channel);
  }

  pick(example) {
    this.example = example;
    for (const tab of this.tabs.children) {
      const chosen = tab.dataset.path === example?.path;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) tab.scrollIntoView({ block: "nearest" });
    }
    this.chosen(this.file, example);
  }

  moved(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const seen = [...this.tabs.children].filter((tab) => !tab.hidden);
    const next = seen[seen.indexOf(document.activeElement) + step];
    next?.focus();
    next?.click();
  }

  narrow() {
    const words = this.filter.value.toLowerCase().split(/\s+/);
    for (const tab of this.tabs.children) tab.hidden = !words.every((word) => tab.textContent.toLowerCase().includes(word));
  }

  // Marks the examples whose snapshots match, or do not.
  verdicts(found) {
    for (const tab of this.tabs.children) {
      const verdict = found[tab.dataset.path];
      if (!verdict) continue;
      tab.classList.toggle("same", verdict === "same");
      tab.classList.toggle("differs", verdict === "differs");
      tab.title = verdict === "same" ? "as its snapshot" : "differs from its snapshot";
    }
  }
}

// The channel is the title of the group.
function label({ name, kind }) {
  const short = name.slice(name.indexOf("/") + 1);
  return kind === "mapping" ? short : `${short} (${KINDS[kind]})`;
}

function grouped(files) {
  const found = new Map();
  for (const file of files) {
    const channel = file.name.includes("/") ? file.name.split("/")[0] : "all channels";
    found.set(channel, [...(found.get(channel) ?? []), file]);
  }
  return found;
}
