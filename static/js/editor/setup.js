// The editor: CodeMirror with our theme, keys and marks. Loaded when a page has a <code-editor>.

import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
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
import { laneMarks } from "./lanes.js";
import { lint } from "./lint.js";
import { errorMarks } from "./marks.js";
import { highlighting, theme } from "./theme.js";

export { undo } from "@codemirror/commands";
export { markErrors } from "./marks.js";

const LANGUAGES = {
  sql: () => import("./sql.js"),
  javascript: () => import("./javascript.js"),
  redis: () => import("./redis.js"),
  partiql: () => import("./partiql.js"),
};

// The page's own listener runs the source; here the keys only must not insert a line.
const pageKey = (view) => closeCompletion(view) || true;
const runKeys = Prec.highest(
  keymap.of(["Mod-Enter", "Mod-Shift-Enter", "Alt-Enter", "Shift-Alt-f"].map((key) => ({ key, run: pageKey }))),
);

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

const vimKeys = new Compartment();

async function vimExtension(on) {
  return on ? (await import("@replit/codemirror-vim")).vim({ status: true }) : [];
}

/** The keys of Vim, or the usual ones. */
export async function setVim(view, on) {
  view.dispatch({ effects: vimKeys.reconfigure(await vimExtension(on)) });
}

export async function createEditor(parent, { doc, mode, label, readonly, vim, lanes, onChange }) {
  const { language, offersNames } = (await LANGUAGES[mode]?.()) ?? { language: [] };
  return new EditorView({
    parent,
    doc,
    extensions: [
      vimKeys.of(await vimExtension(vim && !readonly)),
      EditorView.cspNonce.of(document.querySelector("script[nonce]").nonce),
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
      EditorState.tabSize.of(2),
      readonly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : [writing, offersNames ? [] : sandboxNames],
      lineNumbers(),
      highlightSpecialChars(),
      drawSelection(),
      bracketMatching(),
      theme,
      highlighting,
      language,
      errorMarks,
      lanes ? laneMarks(lanes) : [],
      readonly || lanes ? [] : lint(mode),
      EditorView.updateListener.of((update) => update.docChanged && onChange()),
    ],
  });
}

const aStepOfItsOwn = () => isolateHistory.of("full");

/** Put a name where the cursor is, apart from a word before it. */
export function insertText(view, text) {
  const { from } = view.state.selection.main;
  const apart = /[\p{L}\p{N}_$"']/u.test(view.state.sliceDoc(Math.max(0, from - 1), from)) ? " " : "";
  view.dispatch({
    ...view.state.replaceSelection(apart + text),
    annotations: aStepOfItsOwn(),
    userEvent: "input.paste",
    scrollIntoView: true,
  });
}

/** Replace what differs; the cursor stays after as many characters, white space not counted. */
export function relayText(view, text) {
  const { doc, selection } = view.state;
  const old = doc.toString();
  if (old === text) return;
  let from = 0;
  while (from < Math.min(old.length, text.length) && old[from] === text[from]) from++;
  let same = 0;
  const most = Math.min(old.length, text.length) - from;
  while (same < most && old[old.length - 1 - same] === text[text.length - 1 - same]) same++;
  let left = old.slice(0, selection.main.head).replace(/\s/g, "").length;
  let at = 0;
  for (; at < text.length && left > 0; at++) if (/\S/.test(text[at])) left--;
  view.dispatch({
    changes: { from, to: old.length - same, insert: text.slice(from, text.length - same) },
    selection: { anchor: at },
    annotations: aStepOfItsOwn(),
    userEvent: "input.format",
    scrollIntoView: true,
  });
}

// Where the language doesn't offer the sandbox's names itself, by context.
const sandboxNames = EditorState.languageData.of(() => [{ autocomplete: sandboxCompletion }]);

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
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
];
