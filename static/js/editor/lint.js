// What can be seen without a server while one writes: a bracket without its other half, a Redis command that does not exist.

import { syntaxTree } from "@codemirror/language";
import { RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin } from "@codemirror/view";

import { engineWords } from "./words.js";

const AFTER_MS = 600;
const MOST_CHARACTERS = 20_000;
const CLOSING = { "(": ")", "[": "]", "{": "}" };
const OPENING = { ")": "(", "]": "[", "}": "{" };
const QUOTED = /string|comment|regexp|quoted/i;

const setFound = StateEffect.define();

const found = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setFound)) return effect.value;
    return marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Brackets outside of strings and comments that have no partner: `[{from, to, message}]`. */
function brackets(state) {
  const text = state.doc.toString();
  const tree = syntaxTree(state);
  const open = [];
  const wrong = [];
  for (const { 0: bracket, index } of text.matchAll(/[()[\]{}]/g)) {
    if (QUOTED.test(tree.resolveInner(index, 1).name)) continue;
    if (bracket in CLOSING) open.push({ bracket, index });
    else if (open.at(-1)?.bracket === OPENING[bracket]) open.pop();
    else wrong.push({ from: index, to: index + 1, message: `Nothing opens this ${bracket}` });
  }
  return [...wrong, ...open.map(({ bracket, index }) => ({ from: index, to: index + 1, message: `This ${bracket} is not closed` }))];
}

/** First words of lines that the server's manual does not have. The line being written is left alone. */
async function commands(state) {
  const known = new Set((await engineWords()).filter(({ kind }) => kind === "command").map(({ name }) => name.split(" ")[0].toUpperCase()));
  if (!known.size) return [];
  const writing = state.doc.lineAt(state.selection.main.head).number;
  const wrong = [];
  for (let number = 1; number <= state.doc.lines; number++) {
    const line = state.doc.line(number);
    const word = line.text.match(/^\s*(?:\d+\s+)?([A-Za-z]+)(?=\s|$)/);
    if (!word || number === writing || known.has(word[1].toUpperCase())) continue;
    const from = line.from + line.text.indexOf(word[1]);
    const { name } = syntaxTree(state).resolveInner(from, 1);
    if (name === "keyword" && word[1] === word[1].toUpperCase()) wrong.push({ from, to: from + word[1].length, message: `There is no command ${word[1]}` });
  }
  return wrong;
}

export function lint(mode) {
  return [
    found,
    ViewPlugin.fromClass(
      class {
        constructor(view) {
          this.view = view;
          this.soon();
        }
        update(update) {
          if (update.docChanged) this.soon();
        }
        destroy() {
          clearTimeout(this.timer);
        }
        soon() {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.look(), AFTER_MS);
        }
        async look() {
          const { state } = this.view;
          if (state.doc.length > MOST_CHARACTERS) return;
          const wrong = mode === "redis" ? await commands(state) : brackets(state);
          if (this.view.state.doc !== state.doc) return;
          const builder = new RangeSetBuilder();
          for (const { from, to, message } of wrong.sort((one, other) => one.from - other.from)) {
            builder.add(from, to, Decoration.mark({ class: "cm-lint", attributes: { title: message } }));
          }
          this.view.dispatch({ effects: setFound.of(builder.finish()) });
        }
      },
    ),
  ];
}
