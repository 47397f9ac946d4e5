// A mapping at work: payload, mapping and result side by side, and what explains the result.
import { ask } from "./api.js";
import { el, later } from "./dom.js";
import { Editor } from "./editor.js";
import { placeAt, placesOf } from "./json-places.js";
import { everyValue, hiddenRanges, Links } from "./links.js";
import { completing, curable, meaning } from "./language.js";
import { Panels } from "./panels.js";
import { panes } from "./panes.js";
import { showCoverage, showSheet } from "./reports.js";
import { about, story } from "./words.js";

export class MappingView {
  constructor(page, file, example) {
    Object.assign(this, { page, file, example, asked: 0 });
    this.panels = new Panels([["problems", "Problems"], ["why", "Why"], ["difference", "Snapshot"], ["coverage", "Coverage"], ["sheet", "Sheet"]], (name) => this.opened(name));
    this.panels.fill("why", "Why", el("p", { class: "quiet" }, "Point at a value of the result, at a cell, or at a value of the payload."));
    this.unsaved = () => page.files.unsaved;
    this.evaluate = later(() => this.run(), 200);
  }

  async show(parent) {
    const [first, second, third] = panes(parent, [["Payload", this.example?.name ?? "unsaved"], ["Mapping", this.file.path], ["Result", ""]], this.panels.element);
    const told = (side) => ({ point: (position) => this.point(side, position), tip: (position) => this.tip(side, position) });
    this.payload = new Editor(first, { language: "json", label: "Payload" }, { ...told("payload"), change: (text) => this.changed(this.example?.path, text) });
    this.mapping = new Editor(second, { language: "yaml", label: "Mapping" }, { ...told("mapping"), change: (text) => this.changed(this.file.path, text), complete: completing(this.file.path, this.unsaved) });
    this.result = new Editor(third, { language: "json", label: "Result", readOnly: true }, told("result"));
    this.links = new Links({ payload: this.payload, mapping: this.mapping, result: this.result }, () => this.file.path);
    await this.load();
  }

  async load() {
    const { files } = this.page;
    this.mapping.text = (await files.open(this.file.path)).text;
    const payload = this.example ? (await files.open(this.example.path)).text : "{}\n";
    if (this.closed) return;
    if (payload !== this.payload.text) {
      this.payload.text = payload;
      if (!this.page.revealed) this.payload.hidden = everyValue(this.payload); // until the engine says which
    }
    await this.run();
  }

  changed(path, text) {
    if (path) this.page.files.edit(path, text);
    this.evaluate();
  }

  async run() {
    const turn = ++this.asked;
    const { page } = this;
    const found = await page.trying(() => ask("evaluate", {
      name: this.file.name, payload: this.payload.text, example: this.example?.path ?? "", unsaved: page.files.unsaved, revealed: page.revealed,
    }));
    if (!found || this.closed || turn !== this.asked) return;
    this.mapping.messages = curable(found.diagnostics, this.file.path, () => this.page.files.unsaved);
    this.panels.problems(found.diagnostics, (item) => this.go(item));
    if (page.revealed) this.payload.hidden = [];
    else if (found.hidden) this.payload.hidden = hiddenRanges(this.payload, found.hidden);
    this.links.values = found.values ?? [];
    if (found.result !== undefined) this.result.text = found.result;
    this.result.view.dom.classList.toggle("stale", found.result === undefined);
    this.panels.difference(found.snapshot);
    this.marks(found);
    if (this.panels.opened === "sheet") showSheet(this);
    page.side.verdicts({ [this.example?.path]: found.snapshot?.verdict });
  }

  // Messages at their places in the payload and in the result.
  marks({ diagnostics }) {
    const at = (editor, pointer, item) => {
      const place = placesOf(editor.view.state).find((each) => each.pointer === pointer);
      return place && { ...item, at: { from: place.start, to: place.leaf ? place.to : place.from + 1 } };
    };
    const input = diagnostics.filter((item) => item.input && item.severity === "error").map((item) => at(this.payload, item.input.pointer, item));
    const broken = diagnostics.filter((item) => item.at && item.at.file === this.example?.path);
    this.payload.messages = [...input.filter(Boolean), ...broken];
    this.result.messages = diagnostics.filter((item) => item.output != null && item.severity === "error").map((item) => at(this.result, item.output, item)).filter(Boolean);
  }

  go(item) {
    if (item.at?.file === this.file.path) this.mapping.select(item.at.from, item.at.to);
    else if (item.at?.file === this.example?.path) this.payload.select(item.at.from, item.at.to);
    else if (item.at) this.page.openFile(item.at.file);
    else if (item.input) {
      const place = placesOf(this.payload.view.state).find((each) => each.pointer === item.input.pointer);
      if (place) this.payload.select(place.from, place.to);
    }
  }

  point(side, position) {
    const values = this.links.about(side, position);
    const key = values.map((value) => value.output).join("\n");
    if (key === this.lit) return;
    this.lit = key;
    this.links.light(values, side);
    this.panels.story(values);
  }

  async tip(side, position) {
    if (side === "mapping") {
      const values = this.links.about(side, position);
      const known = await meaning(this.file.path, this.unsaved, this.mapping.view.state, position);
      return values.length || known ? el("div", {}, known, values.length ? story(values[0]) : null) : null;
    }
    const place = placeAt(placesOf(this[side].view.state), position);
    if (!place || place.pointer.includes("•••")) return null;
    const kind = side === "payload" ? "source" : "target";
    const found = await ask("about", { name: this.file.name, side: kind, pointer: place.pointer, unsaved: this.page.files.unsaved }).catch(() => null);
    return found && about(found);
  }

  opened(name) {
    if (name === "coverage") this.cover();
    if (name === "sheet") showSheet(this);
  }

  async cover() {
    this.panels.fill("coverage", "Coverage", el("p", { class: "quiet" }, "Running every example …"));
    await showCoverage(this, this.mapping);
  }

  close() {
    this.closed = true;
    for (const editor of [this.payload, this.mapping, this.result]) editor?.destroy();
  }
}
