// The page: which file and example are open, saving, following changes on disk, theme and secrets.
import { ask, listen } from "./api.js";
import { ConversationView } from "./conversation-view.js";
import { byId, el, later } from "./dom.js";
import { Files } from "./files.js";
import { MappingView } from "./mapping-view.js";
import { Side } from "./side.js";
import { StepsView } from "./steps-view.js";
import { TrafficView } from "./traffic-view.js";

const VIEWS = { mapping: MappingView, conversation: ConversationView, steps: StepsView };

class Page {
  constructor(project) {
    this.project = project;
    this.revealed = false;
    this.files = new Files(project.name, () => this.counted());
    this.side = new Side(project.files, (file, example) => this.open(file, example));
    byId("project").textContent = project.name + (project.writable ? "" : " (read only)");
    byId("save").addEventListener("click", () => this.save());
    byId("reveal").addEventListener("change", (event) => { this.revealed = event.target.checked; this.view?.load(); });
    byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
    document.addEventListener("keydown", (event) => this.pressed(event));
    byId("traffic").hidden = !project.traffic;
    byId("traffic").addEventListener("click", () => this.traffic());
    listen("/api/events", (event) => { if (event.changed) this.disk(event.changed); });
    this.check = later(() => this.examples(), 900);
    const [path, example] = location.hash.slice(1).split("|").map(decodeURIComponent);
    this.side.open(path || first(project.files), example);
  }

  // Does something that the engine may refuse; says why, and gives null then.
  async trying(work) {
    try {
      const found = await work();
      if (byId("status").classList.contains("bad")) status("");
      return found;
    } catch (error) {
      status(error.message, true);
      return null;
    }
  }

  async open(file, example) {
    this.view?.close();
    history.replaceState(null, "", `#${encodeURIComponent(file.path)}${example ? `|${encodeURIComponent(example.path)}` : ""}`);
    document.title = `${file.name} · Crossdock studio`;
    const view = new VIEWS[file.kind](this, file, example);
    this.view = view;
    const main = byId("main");
    main.dataset.kind = file.kind;
    delete main.dataset.ready;
    await this.trying(() => view.show(main));
    if (view !== this.view) return; // another one was opened meanwhile
    main.dataset.ready = example?.path ?? file.path;
    this.check();
  }

  // Shows the requests of the gateway; choosing a file leads back.
  async traffic() {
    this.view?.close();
    this.view = new TrafficView(this);
    document.title = "Traffic · Crossdock studio";
    const main = byId("main");
    main.dataset.kind = "traffic";
    main.dataset.ready = "traffic";
    await this.view.show(main);
  }

  openFile(path) {
    if (this.project.files.some((file) => file.path === path)) this.side.open(path);
  }

  counted() {
    const { dirty } = this.files;
    const save = byId("save");
    if (dirty.length && !byId("status").classList.contains("bad")) status(""); // "saved" is true no more
    save.disabled = !dirty.length || !this.project.writable;
    save.textContent = dirty.length > 1 ? `Save ${dirty.length} files` : "Save";
    save.title = dirty.length ? dirty.map((file) => file.path).join("\n") : "Nothing to save";
    this.notices();
    if (this.side?.file) this.check();
  }

  // What is not saved and was changed on disk: the user decides.
  notices() {
    const stale = [...this.files.known.values()].filter((file) => file.stale);
    byId("notices").replaceChildren(...stale.map((file) => el("p", { class: "notice", role: "alert" }, `${file.path} was changed on disk, and has unsaved changes here. `,
      el("button", { type: "button", onclick: async () => { await this.files.revert(file.path); this.view.load(); } }, "Take the file on disk"),
      el("button", { type: "button", onclick: async () => { const now = await this.files.fetched(file.path, ""); Object.assign(file, { digest: now.digest, disk: now.disk, stale: false }); this.counted(); } }, "Keep mine"))));
  }

  async save() {
    const done = await this.trying(async () => { await this.files.save(); return true; });
    if (done) status("saved");
  }

  pressed(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      if (!byId("save").disabled) this.save();
    }
  }

  async disk(paths) {
    for (const path of paths) await this.files.follow(path);
    this.notices();
    await this.view?.load();
    this.check();
  }

  // Compares the examples of the file with their snapshots, some at a time, as long as nothing changes.
  async examples() {
    const { file } = this.side;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const paths = file.examples.map((example) => example.path);
    for (let start = 0; start < paths.length && turn === this.turn; start += 8) {
      const found = await ask("examples", { name: file.name, examples: paths.slice(start, start + 8), unsaved: this.files.unsaved }).catch(() => null);
      if (!found) return;
      if (file === this.side.file) this.side.verdicts(found);
    }
  }
}

function first(files) {
  const own = files.filter((file) => file.own);
  const mappings = (own.length ? own : files).filter((file) => file.kind === "mapping" && file.examples.length);
  const full = mappings.find((file) => file.examples.some((example) => example.name === "full"));
  return (full ?? mappings[0] ?? own[0] ?? files[0])?.path;
}

// Says something until it is true no more: a success does not take away what another one said.
function status(text, bad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", bad);
}

function theme(chosen) {
  document.documentElement.dataset.theme = chosen;
  localStorage.setItem("crossdock-studio-theme", chosen);
}

theme(localStorage.getItem("crossdock-studio-theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
try {
  const project = await ask("project");
  if (project.files.length) new Page(project);
  else byId("main").append(el("p", { class: "quiet" }, "This project has no mappings yet."));
} catch (error) {
  status(error.message, true);
}
