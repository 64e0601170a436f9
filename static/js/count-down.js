// How long something in the sandbox still lives, counted down from what the server said when it was read.

const STEP_MS = 1000;

function left(ms) {
  const s = Math.floor(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400).toLocaleString("en")} d ${Math.floor((s % 86400) / 3600)} h`;
}

class CountDown extends HTMLElement {
  connectedCallback() {
    this.until = performance.now() + Number(this.dataset.ms);
    this.timer = setInterval(() => this.tick(), STEP_MS);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  tick() {
    const ms = this.until - performance.now();
    this.textContent = ms > 0 ? left(ms) : "expired";
    if (ms > 0) return;
    clearInterval(this.timer);
    this.closest("li")?.toggleAttribute("data-gone", true);
  }
}

customElements.define("count-down", CountDown);
