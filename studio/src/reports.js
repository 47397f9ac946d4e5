// What is asked when its panel is opened, for a mapping and for a conversation alike: the coverage and the sheet.
import { ask } from "./api.js";
import { el } from "./dom.js";
import { sheet } from "./sheet.js";

const LONGEST = 80;

// What no example tries, as a list and in the margin of the editor. A line may have several.
export async function showCoverage({ page, file, panels }, editor) {
  const found = await asked("coverage", page, file);
  if (!found) return;
  const lines = new Map();
  for (const { at, says } of found.missed) lines.set(at.line, [...(lines.get(at.line) ?? []), says]);
  editor.missed = new Map([...lines].map(([line, says]) => [line, says.join("\n")]));
  const items = found.missed.map(({ at, says, rule }) => el("li", {}, says, " ", el("code", {}, rule.length > LONGEST ? `${rule.slice(0, LONGEST - 1)}…` : rule),
    el("button", { type: "button", class: "place", onclick: () => editor.select(at.from, at.to) }, `line ${at.line}`)));
  panels.fill("coverage", "Coverage", el("p", {}, found.summary), el("ul", { class: "problems" }, items));
}

export async function showSheet({ page, file, panels }) {
  const found = await asked("sheet", page, file);
  panels.fill("sheet", "Sheet", found ? sheet(found) : el("p", { class: "quiet" }, "There is no sheet."));
}

const asked = (what, page, file) => page.trying(() => ask(what, { name: file.name, unsaved: page.files.unsaved }));
