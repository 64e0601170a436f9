// Where statements went wrong: the word is underlined, its line tinted, the message stands below it.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

const setErrors = StateEffect.define();

class ErrorMessage extends WidgetType {
  constructor(message) {
    super();
    this.message = message;
  }

  eq(other) {
    return other.message === this.message;
  }

  toDOM() {
    const element = document.createElement("div");
    element.className = "cm-error-message";
    element.textContent = this.message;
    return element;
  }
}

function decorations(doc, errors) {
  const ranges = [];
  for (const { at, message } of errors) {
    const line = doc.lineAt(Math.min(at, doc.length));
    const rest = line.text.slice(at - line.from);
    const length = (rest.match(/^[\p{L}\p{N}_$]+/u)?.[0] ?? rest.slice(0, 1)).length;
    ranges.push(Decoration.line({ class: "cm-error-line" }).range(line.from));
    if (length) ranges.push(Decoration.mark({ class: "cm-error" }).range(at, at + length));
    ranges.push(Decoration.widget({ widget: new ErrorMessage(message.split("\n")[0].slice(0, 300)), side: 1, block: true }).range(line.to));
  }
  return Decoration.set(ranges, true);
}

export const errorMarks = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setErrors)) return decorations(transaction.state.doc, effect.value);
    }
    // A statement being mended says so no longer.
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export function markErrors(view, errors) {
  view.dispatch({ effects: setErrors.of(errors) });
}
