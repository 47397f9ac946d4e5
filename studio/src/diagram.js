// A conversation as a sequence diagram: RetailOPS, Crossdock and the channel, a row for each thing that happens.
import { el } from "./dom.js";

const LONGEST = 90;
const WORDS = { skipped: "skipped", failed: "failed", unanswered: "no answer given", waiting: "waits", unreached: "not reached" };

// `told` is a dry run; `open(step)` is called for a chosen step, `answer(step)` for a chosen answer.
export function diagram(told, { open, answer }) {
  const rows = [arrow("in", told.action ?? "request", "RetailOPS asks")];
  for (const step of told.steps ?? []) rows.push(...stepRows(step, { open, answer }, 0));
  rows.push(told.response === undefined ? note("response", "no response: see the problems, or give the answers that are missing", "waiting") : arrow("out", "response", "Crossdock answers"));
  return el("div", { class: "sequence" },
    el("div", { class: "heads", "aria-hidden": "true" }, ["RetailOPS", "Crossdock", told.channel ?? "channel"].map((name) => el("span", {}, name))),
    el("ol", { "aria-label": "What happens, in order" }, rows),
  );
}

function stepRows(step, actions, depth) {
  const name = step.number ? `${step.step} · element ${step.number}` : step.step;
  const rows = [];
  const inner = [...(step.elements ?? []), ...(step.steps ?? [])];
  const quiet = step.outcome !== "ran" || (!step.calls.length && !inner.length);
  if (quiet || inner.length) rows.push(note(name, step.why || filterWords(step), step.outcome, depth, () => actions.open(step)));
  step.calls.forEach((call, turn) => rows.push(...callRows(name, step, call, turn, depth, actions)));
  for (const each of inner) rows.push(...stepRows(each, actions, depth + 1));
  return rows;
}

// What filters and tests decided in the cells of a step.
function filterWords(step) {
  const notes = (step.parts ?? []).flatMap((part) => part.values.flatMap((value) => [...value.turns, ...value.steps].filter((each) => each.note && / of /.test(each.note)).map((each) => `${each.text}: ${each.note}`)));
  const words = [...new Set(notes)].join("; ");
  return words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words;
}

function callRows(name, step, call, turn, depth, actions) {
  const url = call.url.replace(/^https?:\/\/[^/]+/, "");
  const query = Object.entries(call.query ?? {}).map(([key, value]) => `${key}=${value}`).join("&");
  const title = turn ? `${name}, turn ${turn + 1}` : step.why && step.outcome === "ran" ? `${name}, ${step.why}` : name;
  const sent = el("button", { type: "button", class: "arrow right", onclick: () => actions.open(step) },
    el("b", {}, title), " ", el("code", {}, `${call.method} ${url}${query ? `?${query}` : ""}`));
  const rows = [row("call", depth, sent, call.body === undefined ? null : details("body", JSON.stringify(call.body, null, 2)))];
  const { answer } = call;
  const bad = answer && answer.status >= 400;
  const got = el("button", { type: "button", class: `arrow left ${answer ? (bad ? "bad" : "") : "missing"}`, onclick: () => actions.answer(step) },
    el("b", {}, answer ? `${answer.status}` : missing(call)));
  rows.push(row("answer", depth, got, answer?.body === undefined ? null : details("answer", answer.body)));
  return rows;
}

// Why a call has no answer: in a dry run it is not given; in a journal it did not come.
const missing = ({ outcome }) => (outcome ? `no answer: ${outcome.replace("_", " ")}` : "no answer given: give one");

function details(word, text) {
  return el("details", {}, el("summary", {}, word), el("pre", { tabindex: "0" }, text));
}

const row = (kind, depth, ...content) => el("li", { class: `row-${kind}`, "data-depth": Math.min(depth, 4) }, ...content);

function arrow(kind, text, label) {
  return el("li", { class: `row-${kind}` }, el("span", { class: `arrow ${kind === "in" ? "right" : "left"}` }, el("b", {}, text), el("span", { class: "quiet" }, ` ${label}`)));
}

function note(name, why, outcome, depth = 0, go = null) {
  const content = [el("b", {}, name), outcome === "ran" ? null : [" ", el("span", { class: `outcome ${outcome}` }, WORDS[outcome] ?? outcome)], why ? el("span", { class: "quiet" }, ` ${why}`) : null];
  const made = go ? el("button", { type: "button", class: `note ${outcome}`, onclick: go }, content) : el("span", { class: `note ${outcome}` }, content);
  return row("note", depth, made);
}
