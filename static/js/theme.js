// Light, dark, or as the system: a radio group of three buttons.

import { keep, recall } from "./storage.js";

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.buttons = [...this.querySelectorAll("button")];
    this.hidden = false;
    this.show(recall("theme") ?? "system");
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose(button.value);
    });
    this.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = this.buttons.indexOf(document.activeElement);
      const next = this.buttons.at((at + step) % this.buttons.length);
      this.choose(next.value);
      next.focus();
    });
  }

  choose(theme) {
    keep("theme", theme === "system" ? null : theme);
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    this.show(theme);
  }

  show(theme) {
    for (const button of this.buttons) {
      const chosen = button.value === theme;
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
    }
  }
}

customElements.define("theme-switch", ThemeSwitch);
