// <pan-zoom>: a drawing to move by drag or arrow keys, and to size by wheel, pinch, + and -. It only changes the drawing's viewBox.

const STEP_PX = 60;
const FACTOR = 1.25;
const SMALLEST = 0.05;
const LARGEST = 4;

class PanZoom extends HTMLElement {
  connectedCallback() {
    this.svg = this.querySelector("svg");
    if (!this.svg) return;
    const { x, y, width, height } = this.svg.viewBox.baseVal;
    this.whole = { x, y, width, height };
    this.pointers = new Map();
    this.fit();
    new ResizeObserver(() => (this.fitted ? this.fit() : this.show())).observe(this);
    this.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("pointerdown", (event) => this.grab(event));
    this.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.addEventListener(name, (event) => this.release(event));
    this.addEventListener("pointerover", (event) => this.light(event.target.closest(".entity")));
    for (const button of document.querySelectorAll(`[data-zoom][aria-controls="${this.id}"]`)) {
      button.addEventListener("click", () => this.command(button.dataset.zoom));
    }
  }

  /** All of it, in the middle, but not larger than it was drawn. */
  fit() {
    const { width, height } = this.whole;
    const room = { width: this.clientWidth, height: this.clientHeight };
    this.scale = Math.max(SMALLEST, Math.min(1, room.width / width, room.height / height));
    this.x = this.whole.x - Math.max(0, (room.width / this.scale - width) / 2);
    this.y = this.whole.y - Math.max(0, (room.height / this.scale - height) / 2);
    this.show();
    this.fitted = true;
  }

  show() {
    this.fitted = false;
    const { x, y, scale } = this;
    this.svg.setAttribute("viewBox", `${x} ${y} ${this.clientWidth / scale} ${this.clientHeight / scale}`);
    const output = document.querySelector("[data-scale]");
    if (output) output.textContent = `${Math.round(scale * 100)} %`;
  }

  /** By so many pixels; something of the drawing always stays in sight. */
  pan(dx, dy) {
    const { whole, scale } = this;
    const bounded = (value, start, size, room) =>
      Math.max(start - room / scale + STEP_PX / scale, Math.min(start + size - STEP_PX / scale, value));
    this.x = bounded(this.x + dx / scale, whole.x, whole.width, this.clientWidth);
    this.y = bounded(this.y + dy / scale, whole.y, whole.height, this.clientHeight);
    this.show();
  }

  /** Around a point of the screen, which stays where it is. */
  zoom(factor, clientX, clientY) {
    const box = this.getBoundingClientRect();
    const [px, py] = [(clientX ?? box.x + box.width / 2) - box.x, (clientY ?? box.y + box.height / 2) - box.y];
    const scale = Math.max(SMALLEST, Math.min(LARGEST, this.scale * factor));
    this.x += px / this.scale - px / scale;
    this.y += py / this.scale - py / scale;
    this.scale = scale;
    this.pan(0, 0);
  }

  command(name) {
    if (name === "fit") this.fit();
    else this.zoom(name === "in" ? FACTOR : 1 / FACTOR);
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 4 * STEP_PX : STEP_PX;
    const pans = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (pans[event.key]) this.pan(...pans[event.key]);
    else if (event.key === "+" || event.key === "=") this.command("in");
    else if (event.key === "-" || event.key === "_") this.command("out");
    else if (event.key === "0" || event.key === "Home") this.command("fit");
    else return;
    event.preventDefault();
  }

  grab(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    this.dataset.dragging = "";
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    this.pointers.set(event.pointerId, event);
    const share = other ? 2 : 1;
    this.pan((before.clientX - event.clientX) / share, (before.clientY - event.clientY) / share);
    if (!other) return;
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    this.zoom(apart(event) / apart(before), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
  }

  release(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) delete this.dataset.dragging;
  }

  /** An entity under the pointer shows its relations. */
  light(entity) {
    if (this.dataset.dragging !== undefined) return;
    const number = entity?.dataset.entity;
    for (const relation of this.querySelectorAll(".relation")) {
      const { source, target } = relation.dataset;
      relation.classList.toggle("lit", number !== undefined && (source === number || target === number));
    }
  }
}

customElements.define("pan-zoom", PanZoom);
