// What may be written in a file of YAML, and what its names mean: the engine's language service.
import { ask } from "./api.js";
import { el } from "./dom.js";

const BOOST = 99; // the engine's order is kept: the likeliest first
const TYPES = { property: "property", function: "function", key: "keyword", word: "keyword", variable: "variable", value: "constant" };

const positionOf = (state, offset) => {
  const line = state.doc.lineAt(offset);
  return { line: line.number - 1, column: offset - line.from };
};

const offsetOf = (state, [line, column]) => {
  const found = state.doc.line(Math.min(line + 1, state.doc.lines));
  return Math.min(found.from + column, found.to);
};

// A source of completions for the file at `path`. `unsaved` gives the texts that are not saved.
export const completing = (path, unsaved) => async (context) => {
  const before = context.matchBefore(/[\w$"]*/);
  const inside = context.matchBefore(/[.($|&{:]\s?/);
  if (!context.explicit && !inside && (!before || before.from === before.to)) return null;
  const texts = { ...unsaved(), [path]: context.state.doc.toString() };
  const found = await ask("complete", { path, unsaved: texts, ...positionOf(context.state, context.pos) }).catch(() => null);
  if (!found?.items.length) return null;
  return {
    from: offsetOf(context.state, found.range.start),
    to: offsetOf(context.state, found.range.end),
    filter: false,
    options: found.items.slice(0, 60).map((item, place) => ({
      label: item.label, detail: item.detail, type: TYPES[item.kind] ?? "text", boost: BOOST - place,
      info: item.documentation ? () => markdown(item.documentation) : undefined,
    })),
  };
};

// What the engine offers to do about a message: [{title, changes}].
async function fixesFor(path, unsaved, state, { from, to }) {
  const end = positionOf(state, Math.min(to, state.doc.length));
  const texts = { ...unsaved(), [path]: state.doc.toString() };
  const { fixes } = await ask("fixes", { path, unsaved: texts, ...positionOf(state, Math.min(from, state.doc.length)), end_line: end.line, end_column: end.column });
  return fixes.map(({ title, edits }) => ({
    title, changes: edits.map(({ range, text }) => ({ from: offsetOf(state, range.start), to: offsetOf(state, range.end), insert: text })),
  }));
}

// The messages about a file, each with what can be done about it.
export const curable = (diagnostics, path, unsaved) => diagnostics
  .filter((item) => item.at?.file === path)
  .map((item) => ({ ...item, fixes: (state) => fixesFor(path, unsaved, state, item.at) }));

// What is known of the name at an offset; null if there is nothing to say.
export async function meaning(path, unsaved, state, offset) {
  const texts = { ...unsaved(), [path]: state.doc.toString() };
  const found = await ask("hover", { path, unsaved: texts, ...positionOf(state, offset) }).catch(() => null);
  return found?.text ? markdown(found.text) : null;
}

// The little Markdown that the engine writes: paragraphs, code in a line, and blocks of it.
function markdown(text) {
  const parts = text.split(/```\w*\n([\s\S]*?)```/);
  return el("div", { class: "tip" }, parts.map((part, place) => (place % 2 ? el("pre", {}, part.trim()) : part.split(/\n{2,}/).filter((each) => each.trim()).map(paragraph))));
}

function paragraph(text) {
  return el("p", {}, text.split(/`([^`]+)`/).map((part, place) => (place % 2 ? el("code", {}, part) : part)));
}
