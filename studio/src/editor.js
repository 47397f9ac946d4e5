// One editor: text, what lights up in it, what is hidden, and messages under its lines.
import { autocompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration, drawSelection, EditorView, gutter, GutterMarker, highlightActiveLine, hoverTooltip, keymap, lineNumbers, WidgetType,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const NONCE = document.querySelector("meta[name=csp-nonce]").content;
const ours = Annotation.define(); // a change of the page, and not of the user
const setLit = StateEffect.define();
const setHidden = StateEffect.define();
const setMessages = StateEffect.define();
const setMissed = StateEffect.define();

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--key)" },
  { tag: [tags.string, tags.content], color: "var(--text-value)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--number)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--quiet)" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--quiet)" },
]);

class Dots extends WidgetType {
  eq() { return true; }
  toDOM() {
    const dots = document.createElement("span");
    dots.className = "hidden-value";
    dots.textContent = "•••";
    dots.setAttribute("aria-label", "hidden");
    dots.setAttribute("role", "img");
    return dots;
  }
}

class Message extends WidgetType {
  constructor(item) { super(); this.item = item; }
  eq(other) { return JSON.stringify(other.item) === JSON.stringify(this.item); }
  toDOM(view) {
    const { severity, message, help, id, fixes } = this.item;
    const line = document.createElement("div");
    line.className = `message ${severity}`;
    line.append(`${message} `, Object.assign(document.createElement("code"), { textContent: id }));
    if (help) line.append(Object.assign(document.createElement("div"), { className: "help", textContent: help }));
    if (fixes) line.append(fixButton(view, fixes));
    return line;
  }
  ignoreEvent() { return true; }
}

// Asks what there is to do about a message; does it, or offers it where there are several things.
function fixButton(view, fixes) {
  const button = (text, onclick) => Object.assign(document.createElement("button"), { type: "button", className: "fix", textContent: text, onclick });
  const place = document.createElement("span");
  place.append(button("Fix …", async () => {
    const found = await fixes(view.state).catch(() => []);
    const use = ({ changes }) => view.dispatch({ changes });
    if (found.length === 1) return use(found[0]);
    place.replaceChildren(...found.map((fix) => button(fix.title, () => use(fix))), found.length ? "" : "no cure is known");
  }));
  return place;
}

class Missed extends GutterMarker {
  constructor(says) { super(); this.says = says; this.elementClass = "missed"; }
  eq(other) { return other.says === this.says; }
  toDOM() {
    const mark = document.createElement("span");
    mark.title = this.says;
    return mark;
  }
}

// A field of decorations that an effect sets, and that moves with the text.
function decorated(effect, made, more = () => []) {
  return StateField.define({
    create: () => Decoration.none,
    update(value, transaction) {
      let found = value.map(transaction.changes);
      for (const each of transaction.effects) if (each.is(effect)) found = made(each.value, transaction.state);
      return found;
    },
    provide: (field) => [EditorView.decorations.from(field), more(field)],
  });
}

const clipped = (range, state) => ({ from: Math.min(range.from, state.doc.length), to: Math.min(range.to, state.doc.length) });

const lit = decorated(setLit, (ranges, state) => Decoration.set(
  ranges.map((each) => ({ ...clipped(each, state), kind: each.kind })).filter((each) => each.from < each.to)
    .map((each) => Decoration.mark({ class: `lit ${each.kind}` }).range(each.from, each.to)), true));

const hidden = decorated(setHidden, (ranges, state) => Decoration.set(
  ranges.map((each) => clipped(each, state)).filter((each) => each.from < each.to)
    .map((each) => Decoration.replace({ widget: new Dots() }).range(each.from, each.to)), true),
  (field) => EditorView.atomicRanges.of((view) => view.state.field(field)));

const messages = decorated(setMessages, (items, state) => Decoration.set(items.flatMap((item) => {
  const { from, to } = clipped(item.at, state);
  const line = state.doc.lineAt(from);
  const end = Math.min(Math.max(to, from + 1), Math.max(line.to, from));
  const under = Decoration.widget({ widget: new Message(item), block: true, side: 1 }).range(line.to);
  return from < end ? [Decoration.mark({ class: `wrong ${item.severity}` }).range(from, end), under] : [under];
}), true));

const missed = StateField.define({
  create: () => RangeSet.empty,
  update(value, transaction) {
    let found = value.map(transaction.changes);
    for (const each of transaction.effects) {
      if (!each.is(setMissed)) continue;
      const marks = [...each.value].map(([line, says]) => [Math.min(line, transaction.state.doc.lines), says]);
      found = RangeSet.of(marks.map(([line, says]) => new Missed(says).range(transaction.state.doc.line(line).from)), true);
    }
    return found;
  },
});

export class Editor {
  // `told` has change(text), point(position or null), tip(position): a DOM element or null, each optional.
  constructor(parent, { language, label, readOnly = false, extensions = [] }, told = {}) {
    this.told = told;
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        extensions: [
          EditorView.cspNonce.of(NONCE),
          EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ "aria-label": label, ...(readOnly ? { "aria-readonly": "true" } : {}) }),
          language === "yaml" ? yaml() : json(),
          lineNumbers(), missed, gutter({ class: "margin", markers: (view) => view.state.field(missed) }),
          history(), drawSelection(), bracketMatching(), highlightActiveLine(), highlightSelectionMatches(),
          indentUnit.of("  "), syntaxHighlighting(colours), EditorView.lineWrapping,
          // Tab indents after typing; Escape and then Tab leave the editor, as CodeMirror has it.
          keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...(readOnly ? [] : [indentWithTab])]),
          lit, hidden, messages, ...extensions,
          EditorView.updateListener.of((update) => this.updated(update)),
          EditorView.domEventHandlers({
            mousemove: (event, view) => { this.pointed(view.posAtCoords({ x: event.clientX, y: event.clientY })); },
            mouseleave: () => { this.pointed(null); },
          }),
          ...(told.complete ? [autocompletion({ override: [(context) => told.complete(context)], icons: false })] : []),
          ...(told.tip ? [hoverTooltip((_view, position) => this.tip(position), { hoverTime: 250 })] : []),
        ],
      }),
    });
    // CodeMirror keeps this from the keyboard; a text that is not edited could not be scrolled then.
    this.view.scrollDOM.tabIndex = 0;
  }

  updated(update) {
    const own = update.transactions.some((each) => each.annotation(ours));
    if (update.docChanged && !own) this.told.change?.(this.text);
    if (update.selectionSet && !own && update.view.hasFocus) this.told.point?.(update.state.selection.main.head);
  }

  pointed(position) {
    if (position === this.last) return;
    this.last = position;
    this.told.point?.(position);
  }

  async tip(position) {
    const dom = await this.told.tip(position);
    return dom && { pos: position, above: true, create: () => ({ dom }) };
  }

  get text() { return this.view.state.doc.toString(); }

  // Shows another text. The cursor stays where it was, as far as it can.
  set text(text) {
    if (text === this.text) return;
    const { state } = this.view;
    const head = Math.min(state.selection.main.head, text.length);
    this.view.dispatch({ changes: { from: 0, to: state.doc.length, insert: text }, selection: { anchor: head }, annotations: ours.of(true) });
  }

  set lit(ranges) { this.view.dispatch({ effects: setLit.of(ranges), annotations: ours.of(true) }); }
  set hidden(ranges) { this.view.dispatch({ effects: setHidden.of(ranges), annotations: ours.of(true) }); }
  set messages(items) { this.view.dispatch({ effects: setMessages.of(items), annotations: ours.of(true) }); }
  set missed(lines) { this.view.dispatch({ effects: setMissed.of(lines), annotations: ours.of(true) }); }

  // Scrolls to a place, if it is not in sight.
  show(from, y = "nearest") {
    const at = Math.min(from, this.view.state.doc.length);
    this.view.dispatch({ effects: EditorView.scrollIntoView(at, { y, yMargin: 40 }) });
  }

  select(from, to = from) {
    this.view.dispatch({ selection: { anchor: from, head: to } });
    this.show(from, "center");
    this.view.focus();
  }

  destroy() { this.view.destroy(); }
}
