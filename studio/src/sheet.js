// The sheet: a mapping or a conversation as tables.
import { el } from "./dom.js";

export function sheet(told) {
  return el("div", { class: "sheet" },
    told.describe ? el("p", {}, told.describe) : null,
    told.tables.map((table) => [el("h3", {}, table.title), el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": table.title }, tableOf(table))]),
  );
}

function tableOf({ columns, rows, code }) {
  const codes = columns.map((column) => code.includes(column));
  const cell = (text, place) => (codes[place] ? text.split("\n").map((line) => (line ? el("code", {}, line) : null)) : text);
  return el("table", {},
    el("thead", {}, el("tr", {}, columns.map((column) => el("th", { scope: "col" }, column)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((text, place) => (place ? el("td", {}, cell(text, place)) : el("th", { scope: "row" }, cell(text, place))))))),
  );
}
