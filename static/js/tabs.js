// Several sources of one engine, each in a tab. The first tab is the page's own; the others live in this browser.

import { keep, recall } from "./storage.js";

const MOST = 20;
const KEPT_CLOSED = 10;

class SourceTabs extends HTMLElement {
  connectedCallback() {
    this.engine = this.dataset.engine;
    this.form = document.getElementById("run-form");
    this.editors = ["source", "seed"].map((id) => document.getElementById(id)).filter(Boolean);
    this.heading = this.form.querySelector("h1");
    this.own = { id: "", name: this.heading.textContent };
    const kept = JSON.parse(recall(`tabs:${this.engine}`) ?? "{}");
    this.tabs = [this.own, ...(kept.tabs ?? [])];
    this.closed = kept.closed ?? [];
    this.current = this.own;
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("dblclick", (event) => this.rename(this.tabOf(event)));
    this.addEventListener("keydown", (event) => this.key(event));
    const asked = new URLSearchParams(location.search);
    const open = asked.has("example") || asked.has("from") ? null : this.tabs.find(({ id }) => id && id === kept.current);
    if (open) this.open(open);
    else this.draw();
  }

  tabOf(event) {
    const button = event.target.closest("[role=tab]");
    return button ? this.tabs[[...this.querySelectorAll("[role=tab]")].indexOf(button)] : null;
  }

  clicked(event) {
    if (event.target.closest("[data-close-tab]")) this.close(this.current);
    else if (event.detail < 2) {
      const tab = this.tabOf(event);
      if (tab) this.open(tab);
    }
  }

  key(event) {
    if (event.target.getAttribute("role") !== "tab") return;
    const at = this.tabs.indexOf(this.current);
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: this.tabs.length - 1 };
    if (event.key in moves) {
      this.open(this.tabs[(moves[event.key] + this.tabs.length) % this.tabs.length]);
      this.querySelector("[aria-selected=true]").focus();
    } else if (event.key === "F2") this.rename(this.current);
    else if (event.key === "Delete") this.close(this.current);
    else return;
    event.preventDefault();
  }

  add(tab = null) {
    if (this.tabs.length > MOST) {
      document.getElementById("announcer").textContent = `There are ${MOST} tabs; close one first.`;
      return;
    }
    const numbers = this.tabs.map(({ name }) => Number(name.match(/^Source (\d+)$/)?.[1] ?? 1));
    const made = tab ?? { id: Date.now().toString(36), name: `Source ${Math.max(...numbers) + 1}` };
    this.tabs.push(made);
    this.open(made);
    this.editors[0].goTo(0);
  }

  reopen() {
    const tab = this.closed.pop();
    if (tab) this.add(tab);
  }

  open(tab) {
    for (const editor of this.editors) editor.openDraft(tab.id ? `tab:${this.engine}:${tab.id}:${editor.id}` : null);
    this.current = tab;
    this.draw();
  }

  /** The text of a closed tab stays for a while: closing is no way to lose it. */
  close(tab) {
    if (!tab.id) return;
    const at = this.tabs.indexOf(tab);
    this.open(this.tabs[at - 1]);
    this.tabs.splice(at, 1);
    this.closed.push(tab);
    for (const gone of this.closed.splice(0, Math.max(0, this.closed.length - KEPT_CLOSED))) {
      for (const editor of this.editors) keep(`tab:${this.engine}:${gone.id}:${editor.id}`, null);
    }
    this.draw();
    document.getElementById("announcer").textContent = `${tab.name} is closed. Its text is kept: reopen it from the palette.`;
  }

  rename(tab) {
    if (!tab?.id) return;
    const button = this.querySelectorAll("[role=tab]")[this.tabs.indexOf(tab)];
    const field = document.createElement("input");
    field.value = tab.name;
    field.maxLength = 60;
    field.setAttribute("aria-label", "Name of the tab");
    const end = (keeps) => {
      if (keeps && field.value.trim()) tab.name = field.value.trim();
      this.draw();
      this.querySelector("[aria-selected=true]")?.focus();
    };
    field.addEventListener("blur", () => field.isConnected && end(true));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      end(event.key === "Enter");
    });
    button.replaceWith(field);
    field.select();
  }

  draw() {
    const tabs = this.tabs.map((tab) => this.button(tab));
    this.replaceChildren(...tabs);
    this.hidden = this.tabs.length < 2;
    this.heading.textContent = this.current.name;
    this.form.elements.title.value = this.current.id ? this.current.name : this.form.elements.title.defaultValue;
    const [, ...tabbed] = this.tabs;
    const kept = { current: this.current.id, tabs: tabbed, closed: this.closed };
    keep(`tabs:${this.engine}`, tabbed.length || this.closed.length ? JSON.stringify(kept) : null);
  }

  button(tab) {
    const chosen = tab === this.current;
    const wrap = document.createElement("span");
    wrap.className = "tab";
    wrap.setAttribute("role", "presentation");
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "tab");
    button.setAttribute("aria-selected", chosen);
    button.setAttribute("aria-controls", "source");
    button.tabIndex = chosen ? 0 : -1;
    button.textContent = tab.name;
    if (tab.id) button.title = "Double click or F2 renames, Delete closes";
    wrap.append(button);
    if (tab.id && chosen) {
      const close = document.createElement("button");
      close.type = "button";
      close.tabIndex = -1;
      close.dataset.closeTab = "";
      close.setAttribute("aria-label", `Close ${tab.name}`);
      close.textContent = "×";
      wrap.append(close);
    }
    return wrap;
  }
}

customElements.define("source-tabs", SourceTabs);

const tabs = () => document.querySelector("source-tabs");

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-new-tab]")) tabs()?.add();
  if (event.target.closest("[data-reopen-tab]")) tabs()?.reopen();
});

document.addEventListener("keydown", (event) => {
  if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === "KeyN" && tabs()) {
    event.preventDefault();
    if (event.shiftKey) tabs().reopen();
    else tabs().add();
  }
});
