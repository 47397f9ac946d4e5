// The texts of the files that are open. What is not saved is kept in this browser until it is.
import { ask } from "./api.js";

export class Files {
  constructor(project, changed) {
    this.prefix = `crossdock-studio:${project}:`;
    this.changed = changed;
    this.known = new Map(); // path -> {disk, digest, writable, text}
  }

  // Opens a file, or a new one with `fallback` as its text, and takes up what was not saved.
  async open(path, fallback = null) {
    if (this.known.has(path)) return this.known.get(path);
    const file = await this.fetched(path, fallback);
    const kept = localStorage.getItem(this.prefix + path);
    if (kept !== null) {
      const { text, digest } = JSON.parse(kept);
      file.text = text;
      file.stale = digest !== file.digest;
    }
    this.known.set(path, file);
    this.changed();
    return file;
  }

  async fetched(path, fallback) {
    try {
      const { text, digest, writable } = await ask("file", { path });
      return { path, disk: text, digest, writable, text, stale: false };
    } catch (error) {
      if (fallback === null || !error.message.startsWith("there is no file")) throw error;
      return { path, disk: fallback, digest: null, writable: true, text: fallback, stale: false };
    }
  }

  edit(path, text) {
    const file = this.known.get(path);
    if (!file || file.text === text) return;
    file.text = text;
    if (text === file.disk) localStorage.removeItem(this.prefix + path);
    else localStorage.setItem(this.prefix + path, JSON.stringify({ text, digest: file.digest }));
    this.changed();
  }

  get dirty() {
    return [...this.known.values()].filter((file) => file.text !== file.disk);
  }

  // The texts that the engine is to read in place of files.
  get unsaved() {
    const mappings = this.dirty.filter((file) => file.path.startsWith("mappings/"));
    return Object.fromEntries(mappings.map((file) => [file.path, file.text]));
  }

  async save() {
    for (const file of this.dirty) {
      const { text, digest } = await ask("save", { path: file.path, text: file.text, digest: file.digest });
      Object.assign(file, { disk: text, digest, stale: false });
      localStorage.removeItem(this.prefix + file.path);
    }
    this.changed();
  }

  // Takes up a file that was changed on disk. Says false if that would lose what is not saved.
  async follow(path) {
    const file = this.known.get(path);
    if (!file) return true;
    const now = await this.fetched(path, "").catch(() => null);
    if (now === null || now.digest === file.digest) return true;
    if (file.text !== file.disk && file.text !== now.disk) {
      file.stale = true;
      return false;
    }
    Object.assign(file, now);
    localStorage.removeItem(this.prefix + path);
    this.changed();
    return true;
  }

  // Gives up what is not saved.
  async revert(path) {
    localStorage.removeItem(this.prefix + path);
    this.known.delete(path);
    return this.open(path, "{}\n");
  }
}
