// Where each value of a JSON text is: pointer -> range, and the pointer at a position.
import { ensureSyntaxTree } from "@codemirror/language";

const VALUES = new Set(["Object", "Array", "String", "Number", "True", "False", "Null"]);

export function placesOf(state) {
  const tree = ensureSyntaxTree(state, state.doc.length, 300);
  const found = [];
  const top = tree?.topNode.firstChild;
  if (top) walk(state, top, "", top.from, found);
  return found;
}

function walk(state, node, pointer, start, found) {
  if (!VALUES.has(node.name)) return;
  const leaf = node.name !== "Object" && node.name !== "Array";
  found.push({ pointer, start, from: node.from, to: node.to, leaf });
  if (node.name === "Object") {
    for (const property of node.getChildren("Property")) {
      const name = property.getChild("PropertyName");
      const value = property.lastChild;
      if (name && value) walk(state, value, `${pointer}/${key(state, name)}`, name.from, found);
    }
  } else if (node.name === "Array") {
    let index = 0;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (VALUES.has(child.name)) walk(state, child, `${pointer}/${index++}`, child.from, found);
    }
  }
}

function key(state, node) {
  const text = state.sliceDoc(node.from, node.to);
  let name = text.slice(1, -1);
  try {
    name = JSON.parse(text);
  } catch {
    // it is being written
  }
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

// The innermost value at a position; its key counts as part of it.
export function placeAt(places, position) {
  let best = null;
  for (const place of places) {
    if (place.start <= position && position <= place.to && (!best || place.to - place.start <= best.to - best.start)) best = place;
  }
  return best;
}

export const within = (pointer, around) => pointer === around || pointer.startsWith(`${around}/`);
