// <code-editor>: a textarea that becomes a CodeMirror editor. Until then, and without JavaScript, the textarea does the work.

import { keep, recall } from "./storage.js";

const SAVE_AFTER_MS = 300;

class CodeEditor extends HTMLElement {
  connectedCallback() {
    if (this.textarea) return;
    this.textarea = this.querySelector("textarea");
    this.original = this.textarea.defaultValue;
    if (this.dataset.draft !== undefined) {
      this.draftKey = `draft:${location.pathname}${location.search}#${this.id}`;
      const draft = recall(this.draftKey);
      if (draft !== null && this.textarea.value === this.original) this.textarea.value = draft;
      this.textarea.addEventListener("input", () => this.changed());
      addEventListener("pagehide", () => this.save());
      this.note();
    }
    const fold = this.closest("details:not([open])");
    if (fold) fold.addEventListener("toggle", () => this.upgrade(), { once: true });
    else this.upgrade();
  }

  upgrade() {
    this.upgraded ??= this.replaceTextarea();
    return this.upgraded;
  }

  async replaceTextarea() {
    const { createEditor } = await import("./editor/setup.js");
    const { textarea } = this;
    const focused = document.activeElement === textarea;
    const { selectionStart, selectionEnd, scrollTop } = textarea;
    this.view = await createEditor(this, {
      doc: textarea.value,
      mode: this.dataset.mode,
      label: textarea.getAttribute("aria-label"),
      readonly: textarea.readOnly,
      vim: recall("vim") !== null,
      lanes: this.dataset.lanes,
      onChange: () => this.changed(),
    });
    this.dataset.ready = "";
    if (focused) {
      this.view.dispatch({ selection: { anchor: selectionStart, head: selectionEnd } });
      this.view.scrollDOM.scrollTop = scrollTop;
      this.view.focus();
    }
  }

  get value() {
    return this.view ? this.view.state.doc.toString() : this.textarea.value;
  }

  set value(text) {
    if (this.view) this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    else this.textarea.value = text;
    this.changed();
  }

  /** Put a text where the cursor is, or over what is selected, and go on writing after it. */
  async insert(text) {
    const { textarea } = this;
    if (!this.view) {
      textarea.setRangeText(text, textarea.selectionStart, textarea.selectionEnd, "end");
      textarea.focus();
      this.changed();
      return;
    }
    const { insertText } = await import("./editor/setup.js");
    insertText(this.view, text);
    this.view.focus();
  }

  async undoInsert() {
    if (!this.view) return;
    const { undo } = await import("./editor/setup.js");
    undo(this.view);
  }

  /** Another layout of the same text: one step to undo, the cursor at the same word. */
  async relay(text) {
    if (!this.view) {
      this.value = text;
      return;
    }
    const { relayText } = await import("./editor/setup.js");
    relayText(this.view, text);
  }

  /** Another text takes this one's place, kept under another key; without one, the page's own again. */
  openDraft(key) {
    this.save();
    this.ownKey ??= this.draftKey;
    this.ownOriginal ??= this.original;
    this.draftKey = key ?? this.ownKey;
    this.original = key ? "" : this.ownOriginal;
    this.value = recall(this.draftKey) ?? this.original;
    this.save();
  }

  /** What is selected, as `start-end` in characters as the server counts them; for a cursor alone both are the same. */
  get part() {
    const { textarea, view, value } = this;
    const { from, to } = view?.state.selection.main ?? { from: textarea.selectionStart, to: textarea.selectionEnd };
    return `${[...value.slice(0, from)].length}-${[...value.slice(0, to)].length}`;
  }

  /** Put the cursor at an offset, counted in characters as the server does. */
  goTo(offset) {
    const at = utf16Offset(this.value, offset);
    if (this.view) {
      this.view.dispatch({ selection: { anchor: at }, scrollIntoView: true });
      this.view.focus();
    } else {
      this.textarea.focus();
      this.textarea.setSelectionRange(at, at);
    }
  }

  /** Mark where a statement went wrong: `[{offset, message}]`. An empty list takes all marks away. */
  async mark(errors) {
    if (!errors.length && !this.view) return;
    const fold = this.closest("details");
    if (errors.length && fold) fold.open = true;
    await this.upgrade();
    const { markErrors } = await import("./editor/setup.js");
    const text = this.value;
    markErrors(this.view, errors.map(({ offset, message }) => ({ at: utf16Offset(text, offset), message })));
  }

  changed() {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  save() {
    clearTimeout(this.saving);
    if (!this.draftKey) return;
    const value = this.value;
    keep(this.draftKey, value === this.original ? null : value);
    this.note();
  }

  note() {
    const note = document.querySelector(`[data-draft-note="${this.id}"]`);
    if (note) note.hidden = this.value === this.original || (this.ownKey && this.draftKey !== this.ownKey);
  }
}

/** What the visitor chose for all editors: the size of their text, the keys of Vim. */
class EditorChoices extends HTMLElement {
  connectedCallback() {
    const [size, vim] = this.querySelectorAll("select, input");
    size.value = recall("code-size") ?? size.value;
    vim.checked = recall("vim") !== null;
    size.addEventListener("change", () => {
      keep("code-size", size.value === "13" ? null : size.value);
      document.documentElement.style.setProperty("--code-size", `${size.value}px`);
      for (const { view } of document.querySelectorAll("code-editor")) view?.requestMeasure();
    });
    vim.addEventListener("change", async () => {
      keep("vim", vim.checked ? "1" : null);
      const { setVim } = await import("./editor/setup.js");
      for (const { view } of document.querySelectorAll("code-editor")) if (view) await setVim(view, vim.checked);
    });
  }
}

customElements.define("editor-choices", EditorChoices);

let last = null;

document.addEventListener("focusin", (event) => {
  const editor = event.target.closest("code-editor");
  if (editor && !editor.textarea.readOnly) last = editor;
});

/** The editor that was written in last, else the page's source. */
export function lastEditor() {
  return last?.isConnected && last.checkVisibility() ? last : document.getElementById("source");
}

/** The server counts characters, JavaScript UTF-16 units: an emoji is one there and two here. */
export function utf16Offset(text, characters) {
  let units = 0;
  for (let left = characters; left > 0 && units < text.length; left--) {
    units += text.codePointAt(units) > 0xffff ? 2 : 1;
  }
  return units;
}

customElements.define("code-editor", CodeEditor);

// A form is sent with what its editors hold.
document.addEventListener("formdata", (event) => {
  for (const editor of document.querySelectorAll("code-editor")) {
    const { form, name } = editor.textarea;
    if (form === event.target && name && event.formData.has(name)) event.formData.set(name, editor.value);
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-goto]");
  const editor = link && editorOf(link.closest("[data-editor]"), link.closest(".seed-error") ? "seed" : "editor");
  if (editor) {
    event.preventDefault();
    editor.scrollIntoView({ block: "nearest" });
    editor.goTo(Number(link.dataset.goto));
  }
  const restore = event.target.closest("[data-restore]");
  if (restore) {
    const restored = document.getElementById(restore.dataset.restore);
    restored.value = restored.original;
    restored.save();
  }
});

function editorOf(results, which) {
  return results && document.getElementById(results.dataset[which] ?? "");
}

/** Mark in the editors what went wrong in a run; a run without errors takes the marks away. */
export function markRun(results) {
  for (const which of ["editor", "seed"]) {
    const editor = editorOf(results, which);
    if (!editor) continue;
    const place = which === "editor" ? "source" : "seed";
    const found = results.querySelectorAll(`[data-error-offset][data-error-in=${place}]`);
    editor.mark(
      [...found].map(({ dataset }) => ({ offset: Number(dataset.errorOffset), message: dataset.errorMessage })),
    );
  }
}
