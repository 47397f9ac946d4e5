// How the page words what the engine tells: values, steps of an evaluation, and places.
import { el } from "./dom.js";

export function shown(told) {
  if ("value" in told) return JSON.stringify(told.value);
  if (told.hidden) return "•••";
  if (told.absent) return "absent";
  if ("list" in told) return `a list of ${told.list}`;
  if ("object" in told) return `an object of ${told.object}`;
  return "";
}

// Why a value is what it is: the words around it, then each step.
export function story(value) {
  const turns = value.turns.map((turn) => step(turn, turn.here === null ? "" : turn.here));
  return el("div", { class: "story" },
    el("div", { class: "head" }, el("code", {}, value.target || "the result"), " = ", el("code", { class: "value" }, shown(value))),
    el("ol", {}, turns, value.steps.map((each) => step(each))),
    value.sources.length ? el("p", { class: "quiet" }, `made of ${value.sources.join(", ")}`) : null,
  );
}

function step(told, here = "") {
  const text = told.arguments ? `${told.text}(${told.arguments.map(shown).join(", ")})` : told.text;
  return el("li", {},
    el("span", { class: "kind" }, told.kind), " ",
    el("code", {}, text), " → ", el("code", { class: "value" }, here || shown(told)),
    told.note ? el("span", { class: "took" }, ` ${told.note}`) : null,
    told.reads?.length ? el("span", { class: "quiet" }, ` ${told.reads.map((read) => read.pointer).slice(0, 4).join(", ")}`) : null,
  );
}

// The type of a place, and where it goes.
export function about(told) {
  const lines = [];
  const targets = (links) => [...new Set(links.map((link) => link.target || "the result"))].join(", ");
  if (told.goes_to?.length) lines.push(["goes to", targets(told.goes_to)]);
  if (told.decides_on?.length) lines.push(["decides on", targets(told.decides_on)]);
  if (told.checks?.length) lines.push(["checked", told.checks.map((check) => check.message).join("; ")]);
  if (told.ignored?.length) lines.push(["ignored", told.ignored.map((item) => item.reason).join("; ")]);
  if (told.goes_to && !lines.length) lines.push(["", "is not read"]);
  return el("div", { class: "tip" },
    el("div", { class: "head" }, el("code", {}, told.path || "the whole"), told.type ? ` ${told.type}` : "", told.schema ? el("span", { class: "quiet" }, ` in ${told.schema}`) : null),
    told.values?.length ? el("p", {}, `one of ${told.values.map((value) => JSON.stringify(value)).join(", ")}`) : null,
    lines.map(([word, text]) => el("p", {}, el("span", { class: "kind" }, word), ` ${text}`)),
  );
}
