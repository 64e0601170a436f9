// The sidebar's names: a click puts one into the editor, a double click shows its rows, the filter narrows them.

import { lastEditor } from "./code-editor.js";

document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-insert]");
  // The second click of a double click inserts nothing more.
  if (name && event.detail < 2) lastEditor()?.insert(name.dataset.insert);
});

document.addEventListener("dblclick", (event) => {
  const name = event.target.closest("[data-insert]");
  const preview = name?.parentElement.querySelector("[name=preview]");
  if (!preview) return;
  lastEditor()?.undoInsert();
  preview.click();
});

// The sidebar is made anew after every run; what was open in the tree opens again, and fetches what is there now.
const opened = new Set();

document.addEventListener(
  "toggle",
  ({ target }) => {
    const { path } = target.dataset ?? {};
    if (path !== undefined && target.isConnected) target.open ? opened.add(path) : opened.delete(path);
  },
  true,
);

document.addEventListener("htmx:after:swap", () => {
  for (const details of document.querySelectorAll("#schema details[data-path]:not([open])")) {
    details.open = opened.has(details.dataset.path);
  }
});

// What was typed into the filter stays.
let typed = "";

class SchemaFilter extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.input.value = typed;
    this.addEventListener("input", () => this.apply());
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.input.value) return;
      event.preventDefault();
      this.input.value = "";
      this.apply();
    });
    // The list stands after this element, so it may not be there yet.
    if (typed) queueMicrotask(() => this.apply());
  }

  apply() {
    typed = this.input.value;
    const wanted = typed.trim().toLowerCase();
    let found = 0;
    for (const kind of document.querySelectorAll("#schema .kind")) {
      let shown = 0;
      for (const object of kind.querySelectorAll("[data-object]")) {
        object.hidden = !object.dataset.object.toLowerCase().includes(wanted);
        if (!object.hidden) shown++;
      }
      kind.hidden = !shown;
      found += shown;
    }
    this.querySelector("[role=status]").hidden = found > 0;
  }
}

customElements.define("schema-filter", SchemaFilter);
