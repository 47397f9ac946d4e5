// A conversation at work: request and answers, its steps, and the sequence diagram of a dry run.
import { ask } from "./api.js";
import { el, later } from "./dom.js";
import { diagram } from "./diagram.js";
import { Editor } from "./editor.js";
import { placesOf } from "./json-places.js";
import { everyValue, hiddenRanges } from "./links.js";
import { completing, curable, meaning } from "./language.js";
import { Panels } from "./panels.js";
import { panes } from "./panes.js";
import { showCoverage, showSheet } from "./reports.js";
import { story } from "./words.js";

export class ConversationView {
  constructor(page, file, example) {
    Object.assign(this, { page, file, example, asked: 0 });
    this.panels = new Panels([["problems", "Problems"], ["why", "Why"], ["response", "Response"], ["coverage", "Coverage"], ["sheet", "Sheet"]], (name) => this.opened(name));
    this.panels.fill("why", "Why", el("p", { class: "quiet" }, "Choose a step of the diagram."));
    this.run = later(() => this.converse(), 200);
  }

  async show(parent) {
    const bodies = panes(parent, [["Request", this.example?.name ?? "unsaved"], ["Answers", "of the channel, by step"], ["Steps", this.file.path], ["Sequence", "a dry run: nothing is sent"]], this.panels.element);
    const change = (path) => ({ change: (text) => { if (path) this.page.files.edit(path, text); this.run(); } });
    const unsaved = () => this.page.files.unsaved;
    this.request = new Editor(bodies[0], { language: "json", label: "Request" }, change(this.example?.path));
    this.answers = new Editor(bodies[1], { language: "json", label: "Answers" }, change(this.example?.answers));
    this.steps = new Editor(bodies[2], { language: "yaml", label: "Steps" }, { ...change(this.file.path), complete: completing(this.file.path, unsaved), tip: (position) => meaning(this.file.path, unsaved, this.steps.view.state, position) });
    this.sequence = bodies[3];
    this.sequence.tabIndex = 0;
    await this.load();
  }

  async load() {
    const { files } = this.page;
    const { example } = this;
    const steps = (await files.open(this.file.path)).text;
    const request = example ? (await files.open(example.path)).text : "{}\n";
    const answers = example ? (await files.open(example.answers, "{}\n")).text : "{}\n";
    if (this.closed) return;
    this.steps.text = steps;
    this.fill(this.request, request);
    this.fill(this.answers, answers);
    await this.converse();
  }

  fill(editor, text) {
    if (text === editor.text) return;
    editor.text = text;
    if (!this.page.revealed) editor.hidden = everyValue(editor); // until the engine says which
  }

  async converse() {
    const turn = ++this.asked;
    const { page, example } = this;
    const found = await page.trying(() => ask("converse", {
      name: example?.of ?? this.file.name, request: this.request.text, answers: this.answers.text, example: example?.path ?? "", answers_name: example?.answers ?? "answers",
      unsaved: page.files.unsaved, revealed: page.revealed,
    }));
    if (!found || this.closed || turn !== this.asked) return;
    this.steps.messages = curable(found.diagnostics, this.file.path, () => this.page.files.unsaved);
    this.request.messages = found.diagnostics.filter((item) => item.at && item.at.file === example?.path);
    this.answers.messages = found.diagnostics.filter((item) => item.at && item.at.file === example?.answers);
    this.panels.problems(found.diagnostics, (item) => this.go(item));
    for (const [editor, pointers] of [[this.request, found.hidden], [this.answers, found.hidden_answers]]) {
      if (page.revealed) editor.hidden = [];
      else if (pointers) editor.hidden = hiddenRanges(editor, pointers);
    }
    if (found.steps) this.sequence.replaceChildren(diagram(found, { open: (step) => this.open(step), answer: (step) => this.edit(step) }));
    this.sequence.classList.toggle("stale", !found.steps);
    this.panels.fill("response", "Response", el("pre", { class: "json" }, found.response ?? "There is no response."));
  }

  go(item) {
    if (item.at?.file === this.file.path) this.steps.select(item.at.from, item.at.to);
    else if (item.at?.file === this.example?.path) this.request.select(item.at.from, item.at.to);
    else if (item.at?.file === this.example?.answers) this.answers.select(item.at.from, item.at.to);
    else if (item.at) this.page.openFile(item.at.file);
  }

  // Shows a step in its file, and how its parts were made.
  open(step) {
    if (step.at.file === this.file.path) {
      this.steps.lit = [{ ...step.at, kind: "cell" }];
      this.steps.show(step.at.from, "center");
    }
    const parts = step.parts.filter((part) => part.values.length);
    this.panels.fill("why", "Why", el("h3", {}, step.step, step.why ? el("span", { class: "quiet" }, ` ${step.why}`) : null),
      ...parts.map((part) => el("details", { open: true }, el("summary", {}, part.key), part.values.map(story))));
    this.panels.open("why");
  }

  // Puts the cursor to the answer of a step; a missing one is begun.
  edit(step) {
    const places = placesOf(this.answers.view.state);
    const found = places.find((place) => place.pointer.split("/").at(-1) === step.step);
    if (found) return this.answers.select(found.from, found.to);
    let all = {};
    try {
      all = JSON.parse(this.answers.text);
    } catch {
      return this.answers.view.focus();
    }
    const text = `${JSON.stringify({ ...all, [step.step]: {} }, null, 2)}\n`;
    this.answers.text = text;
    if (this.example) this.page.files.edit(this.example.answers, text);
    this.run();
    const made = placesOf(this.answers.view.state).find((place) => place.pointer === `/${step.step}`);
    if (made) this.answers.select(made.from + 1);
  }

  opened(name) {
    if (name === "coverage") this.cover();
    if (name === "sheet") showSheet(this);
  }

  async cover() {
    this.panels.fill("coverage", "Coverage", el("p", { class: "quiet" }, "Running every example …"));
    await showCoverage(this, this.steps);
  }

  close() {
    this.closed = true;
    for (const editor of [this.request, this.answers, this.steps]) editor?.destroy();
  }
}
