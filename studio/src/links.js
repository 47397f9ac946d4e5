// What belongs together: a value of the result, the cell that wrote it, and what that read in the payload.
import { placeAt, placesOf, within } from "./json-places.js";

export class Links {
  // `editors` has payload, mapping and result; the first two may be missing.
  constructor(editors, path) {
    this.editors = editors;
    this.path = path;
    this.values = [];
  }

  // Says which values a place in one of the editors is about.
  about(side, position) {
    if (position === null) return [];
    if (side === "mapping") return this.ofCell(position);
    const place = placeAt(placesOf(this.editors[side].view.state), position);
    if (!place) return [];
    return side === "result" ? this.ofResult(place) : this.ofSource(place);
  }

  ofCell(position) {
    const around = this.values.filter(({ at }) => at.file === this.path() && at.from <= position && position <= at.to);
    const size = ({ at }) => at.to - at.from;
    const smallest = Math.min(...around.map(size));
    return around.filter((value) => size(value) === smallest);
  }

  ofResult(place) {
    if (!place.leaf && place.pointer === "") return [];
    const exact = this.values.filter((value) => value.output === place.pointer);
    if (exact.length) return exact;
    return this.values.filter((value) => within(value.output, place.pointer) || within(place.pointer, value.output));
  }

  ofSource(place) {
    if (place.pointer === "") return [];
    const read = (reads) => reads.some((pointer) => within(pointer, place.pointer) || within(place.pointer, pointer));
    const direct = this.values.filter((value) => read(value.reads));
    return direct.length ? direct : place.leaf ? this.values.filter((value) => value.decided_by.includes(place.pointer)) : [];
  }

  light(values, side = null) {
    const { payload, mapping, result } = this.editors;
    const cells = values.filter(({ at }) => at.file === this.path()).map(({ at }) => ({ ...at, kind: "cell" }));
    if (mapping) mapping.lit = cells;
    const outputs = new Set(values.map((value) => value.output));
    const reads = new Set(values.flatMap((value) => value.reads));
    const decides = new Set(values.flatMap((value) => value.decided_by).filter((pointer) => !reads.has(pointer)));
    const written = result ? lightIn(result, (pointer) => outputs.has(pointer) && "written") : null;
    const source = payload ? lightIn(payload, (pointer, leaf) => (reads.has(pointer) && "read") || (leaf && decides.has(pointer) && "decides")) : null;
    if (side !== "mapping" && cells.length) mapping?.show(cells[0].from);
    if (side !== "result" && written !== null) result.show(written);
    if (side !== "payload" && source !== null) payload.show(source);
  }
}

// Lights the places that `kind` names, and says where the first one is.
function lightIn(editor, kind) {
  const found = placesOf(editor.view.state)
    .map((place) => ({ from: place.start, to: place.leaf ? place.to : place.from + 1, kind: kind(place.pointer, place.leaf) }))
    .filter((place) => place.kind);
  editor.lit = found;
  return found.length ? Math.min(...found.map((place) => place.from)) : null;
}

// The ranges of the values that the engine names as sensitive.
export function hiddenRanges(editor, pointers) {
  const wanted = new Set(pointers);
  return placesOf(editor.view.state).filter((place) => wanted.has(place.pointer));
}

// Of a text that is not JSON nothing is known: every value is hidden.
export function everyValue(editor) {
  return placesOf(editor.view.state).filter((place) => place.leaf);
}
