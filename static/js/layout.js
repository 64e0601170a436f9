// The parts of the page that the visitor sizes and folds; remembered, and put back by boot.js.

import { keep } from "./storage.js";

const STEP_PX = 16;
const root = document.documentElement;

/** A separator: drag it, or use the arrow keys; Home and End for the bounds; Enter or a double click resets. */
class SplitHandle extends HTMLElement {
  connectedCallback() {
    this.controlled = document.getElementById(this.getAttribute("aria-controls"));
    if (!this.controlled) return;
    this.horizontal = this.dataset.axis === "x";
    this.min = Number(this.dataset.min);
    this.max = Number(this.dataset.max);
    this.tabIndex = 0;
    this.setAttribute("role", "separator");
    this.setAttribute("aria-orientation", this.horizontal ? "vertical" : "horizontal");
    this.setAttribute("aria-valuemin", this.min);
    this.setAttribute("aria-valuemax", this.max);
    this.title = "Drag, or use the arrow keys; double click to reset";
    this.report();
    this.addEventListener("pointerdown", (event) => this.drag(event));
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("dblclick", () => this.reset());
  }

  get size() {
    const box = this.controlled.getBoundingClientRect();
    return Math.round(this.horizontal ? box.width : box.height);
  }

  resize(size) {
    const room = this.horizontal ? this.max : Math.min(this.max, this.parentElement.clientHeight - 96);
    const bounded = Math.round(Math.max(this.min, Math.min(room, size)));
    root.style.setProperty(`--${this.dataset.key}`, `${bounded}px`);
    this.report();
    return bounded;
  }

  reset() {
    root.style.removeProperty(`--${this.dataset.key}`);
    keep(`size:${this.dataset.key}`, null);
    this.report();
  }

  report() {
    this.setAttribute("aria-valuenow", this.size);
  }

  drag(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.focus();
    this.setPointerCapture(event.pointerId);
    this.dataset.dragging = "";
    const from = this.horizontal ? event.clientX : event.clientY;
    const before = this.size;
    const move = (next) => this.resize(before + (this.horizontal ? next.clientX : next.clientY) - from);
    const end = () => {
      delete this.dataset.dragging;
      this.removeEventListener("pointermove", move);
      if (this.size !== before) keep(`size:${this.dataset.key}`, String(this.size));
    };
    this.addEventListener("pointermove", move);
    this.addEventListener("lostpointercapture", end, { once: true });
  }

  key(event) {
    const step = event.shiftKey ? 4 * STEP_PX : STEP_PX;
    const [less, more] = this.horizontal ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const sizes = { [less]: this.size - step, [more]: this.size + step, Home: this.min, End: this.max };
    if (event.key === "Enter") this.reset();
    else if (event.key in sizes) keep(`size:${this.dataset.key}`, String(this.resize(sizes[event.key])));
    else return;
    event.preventDefault();
  }
}

customElements.define("split-handle", SplitHandle);

function showSidebar(button) {
  const open = root.dataset.sidebar !== "closed";
  button.setAttribute("aria-expanded", open);
}

for (const button of document.querySelectorAll("[data-toggle=sidebar]")) {
  showSidebar(button);
  button.addEventListener("click", () => {
    if (root.dataset.sidebar === "closed") delete root.dataset.sidebar;
    else root.dataset.sidebar = "closed";
    keep("sidebar-closed", root.dataset.sidebar ? "1" : null);
    showSidebar(button);
  });
}

for (const button of document.querySelectorAll("[data-toggle=beside]")) {
  const show = () => button.setAttribute("aria-pressed", root.dataset.layout === "beside");
  show();
  button.addEventListener("click", () => {
    if (root.dataset.layout) delete root.dataset.layout;
    else root.dataset.layout = "beside";
    keep("layout", root.dataset.layout ?? null);
    show();
  });
}

// F6 goes from the editor to the results and back, as between the panes of a desktop program.
document.addEventListener("keydown", (event) => {
  const results = document.getElementById("results");
  if (event.key !== "F6" || !results) return;
  event.preventDefault();
  if (results.contains(document.activeElement)) {
    const editor = document.getElementById("source");
    (editor.view ?? editor.textarea).focus();
  } else results.focus();
});
