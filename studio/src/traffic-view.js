// The requests of a gateway as its journal grows: what was called and answered, and how it would go now.
import { ask, listen } from "./api.js";
import { diagram } from "./diagram.js";
import { el } from "./dom.js";
import { Panels } from "./panels.js";
import { panes } from "./panes.js";
import { story } from "./words.js";

const MOST = 100;

export class TrafficView {
  constructor(page) {
    this.page = page;
    this.rows = new Map();
    this.panels = new Panels([["difference", "Difference"], ["why", "Why"], ["request", "Request"], ["response", "Response"]]);
    this.panels.fill("difference", "Difference", el("p", { class: "quiet" }, "Choose a request."));
  }

  async show(parent) {
    const [list, then, now] = panes(parent, [["Requests", "as the gateway takes them"], ["Then", "what was called and answered"], ["Now", "the mappings of now on the same answers: nothing is sent"]], this.panels.element);
    this.list = el("ol", { class: "requests", "aria-label": "Requests, the newest first" });
    list.append(this.list);
    [this.then, this.now] = [then, now];
    for (const body of [list, then, now]) body.tabIndex = 0;
    this.stream = listen("/api/traffic", (event) => this.arrived(event));
  }

  arrived({ requests, refused }) {
    if (refused) return this.page.trying(() => Promise.reject(new Error(refused)));
    for (const request of requests) {
      const row = this.row(request);
      this.rows.get(request.id)?.replaceWith(row);
      if (!this.rows.has(request.id)) this.list.prepend(row);
      this.rows.set(request.id, row);
      if (request.id === this.chosen) this.load();
    }
    while (this.list.children.length > MOST) this.list.lastChild.remove();
  }

  row(request) {
    const time = new Date(request.accepted).toLocaleTimeString();
    const calls = `${request.calls} call${request.calls === 1 ? "" : "s"}`;
    return el("li", {}, el("button", { type: "button", "aria-current": String(request.id === this.chosen), onclick: () => this.choose(request.id) },
      el("span", { class: `state ${request.state}` }, request.state), " ",
      el("b", {}, request.dialect ? `${request.dialect}/${request.action}` : request.action), " ",
      el("span", { class: "quiet" }, `#${request.id} ${request.profile} ${time} · ${calls}${request.status ? ` · answered ${request.status}` : ""}`),
      request.reason ? el("span", { class: "reason" }, ` ${request.reason}`) : null));
  }

  choose(id) {
    this.chosen = id;
    for (const [each, row] of this.rows) row.firstChild.setAttribute("aria-current", String(each === id));
    return this.load();
  }

  async load() {
    if (this.chosen === undefined) return;
    const { page, chosen } = this;
    const found = await page.trying(() => ask("request", { id: chosen, unsaved: page.files.unsaved, revealed: page.revealed }));
    if (!found || this.closed || chosen !== this.chosen) return;
    const open = (step) => this.open(step);
    this.then.replaceChildren(diagram({ ...found.then, channel: found.channel, action: found.action }, { open: () => {}, answer: () => {} }));
    this.now.replaceChildren(diagram({ ...found.now, channel: found.channel, action: found.action }, { open, answer: open }));
    this.panels.fill("request", "Request", el("pre", { class: "json" }, found.request));
    this.panels.fill("response", "Response", el("h3", {}, "Then"), el("pre", {}, found.then.response ?? "There was none."), el("h3", {}, "Now"), el("pre", {}, found.now.response ?? "There is none."));
    this.differences(found);
  }

  differences({ differences, same_mappings, now }) {
    const other = differences.filter((each) => each.kind !== "same");
    this.panels.fill("difference", other.length ? `Difference (${other.length})` : "Difference",
      el("p", { class: "quiet" }, same_mappings ? "The mappings are those of then." : "The mappings have changed since."),
      other.length ? null : el("p", {}, "The same calls, and the same response."),
      el("ul", { class: "problems" }, other.map((each) => el("li", {}, el("span", { class: "kind" }, each.kind), " ", el("code", {}, each.what), each.differs.length ? ` ${each.differs.join(", ")}` : "")),
        now.diagnostics.map((item) => el("li", { class: item.severity }, el("span", { class: "kind" }, item.severity), ` ${item.message} `, el("code", {}, item.id)))));
  }

  // What a step's conditions, filters and cells did with the values of this request.
  open(step) {
    const parts = step.parts.filter((part) => part.values.length);
    this.panels.fill("why", "Why", el("h3", {}, step.step, step.why ? el("span", { class: "quiet" }, ` ${step.why}`) : null),
      parts.map((part) => el("details", { open: true }, el("summary", {}, part.key), part.values.map(story))));
    this.panels.open("why");
  }

  close() {
    this.closed = true;
    this.stream?.close();
  }
}
