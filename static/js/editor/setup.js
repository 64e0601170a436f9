// The editor: CodeMirror with our theme, keys and marks. Loaded when a page has a <code-editor>.

import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";

import { sandboxCompletion } from "./completion.js";
import { errorMarks } from "./marks.js";
import { highlighting, theme } from "./theme.js";

export { markErrors } from "./marks.js";

const LANGUAGES = {
  sql: () => import("./sql.js"),
  javascript: () => import("./javascript.js"),
  redis: () => import("./redis.js"),
  partiql: () => import("./partiql.js"),
};

// The page's own listener runs the source; here the keys only must not insert a line.
const runKeys = Prec.highest(keymap.of([{ key: "Mod-Enter", run: (view) => closeCompletion(view) || true }]));

// Left to itself, Chrome types over a selection with a style attribute, which the page's policy refuses and reports.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    if (event.inputType !== "insertText" || !event.data || main.empty || view.composing) return false;
    event.preventDefault();
    const insert = () =>
      view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    const handled = view.state
      .facet(EditorView.inputHandler)
      .some((handler) => handler(view, main.from, main.to, event.data, insert));
    if (!handled) view.dispatch(insert());
    return true;
  },
});

export async function createEditor(parent, { doc, mode, label, readonly, onChange }) {
  const { language } = (await LANGUAGES[mode]?.()) ?? { language: [] };
  return new EditorView({
    parent,
    doc,
    extensions: [
      EditorView.cspNonce.of(document.querySelector("script[nonce]").nonce),
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
      EditorState.tabSize.of(2),
      readonly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : writing,
      lineNumbers(),
      highlightSpecialChars(),
      drawSelection(),
      bracketMatching(),
      theme,
      highlighting,
      language,
      errorMarks,
      EditorView.updateListener.of((update) => update.docChanged && onChange()),
    ],
  });
}

const writing = [
  runKeys,
  typeOver,
  history(),
  dropCursor(),
  rectangularSelection(),
  EditorState.allowMultipleSelections.of(true),
  indentOnInput(),
  closeBrackets(),
  autocompletion({ icons: false }),
  EditorState.languageData.of(() => [{ autocomplete: sandboxCompletion }]),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
];
