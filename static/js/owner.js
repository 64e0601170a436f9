// The keys of what was shared from this browser: kept here, so that its maker finds the manage page again.

import { keep, recall } from "./storage.js";

const nameOf = (playground) => `owner:${playground}`;

class OwnerKey extends HTMLElement {
  connectedCallback() {
    keep(nameOf(this.dataset.playground), this.dataset.key || null);
  }
}

customElements.define("owner-key", OwnerKey);

function reveal(root) {
  for (const link of root.querySelectorAll("a[data-manage]")) {
    const key = recall(nameOf(link.dataset.manage));
    if (!key) continue;
    link.href = `/p/${link.dataset.manage}/manage?key=${encodeURIComponent(key)}`;
    link.hidden = false;
  }
}

reveal(document);
document.addEventListener("htmx:after:swap", () => reveal(document));
