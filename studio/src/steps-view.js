// A file of shared steps: its text and what is wrong in it. It runs where a conversation uses it.
import { ask } from "./api.js";
import { el, later } from "./dom.js";
import { Editor } from "./editor.js";
import { completing, curable, meaning } from "./language.js";
import { Panels } from "./panels.js";
import { panes } from "./panes.js";
import { showSheet } from "./reports.js";

export class StepsView {
  constructor(page, file) {
    Object.assign(this, { page, file });
    this.panels = new Panels([["problems", "Problems"], ["sheet", "Sheet"]], (name) => { if (name === "sheet") showSheet(this); });
    this.check = later(() => this.run(), 200);
  }

  async show(parent) {
    const [body] = panes(parent, [["Shared steps", this.file.path]], this.panels.element);
    const unsaved = () => this.page.files.unsaved;
    this.steps = new Editor(body, { language: "yaml", label: "Shared steps" }, { change: (text) => { this.page.files.edit(this.file.path, text); this.check(); }, complete: completing(this.file.path, unsaved), tip: (position) => meaning(this.file.path, unsaved, this.steps.view.state, position) });
    await this.load();
  }

  async load() {
    this.steps.text = (await this.page.files.open(this.file.path)).text;
    await this.run();
  }

  async run() {
    const found = await this.page.trying(() => ask("check", { name: this.file.name, unsaved: this.page.files.unsaved }));
    if (!found || this.closed) return;
    this.steps.messages = curable(found.diagnostics, this.file.path, () => this.page.files.unsaved);
    this.panels.problems(found.diagnostics, (item) => { if (item.at?.file === this.file.path) this.steps.select(item.at.from, item.at.to); else if (item.at) this.page.openFile(item.at.file); });
  }

  close() {
    this.closed = true;
    this.steps?.destroy();
  }
}
