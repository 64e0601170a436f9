// The view of a result that was chosen last is the one that the next result of its kind opens with.

import { keep, recall } from "./storage.js";

document.addEventListener("change", (event) => {
  const views = event.target.closest(".view-tabs") && event.target.closest("[data-views]");
  if (views) keep(`view:${views.dataset.views}`, event.target.value);
});

function choose(root) {
  for (const views of root.querySelectorAll("[data-views]")) {
    const kept = recall(`view:${views.dataset.views}`);
    const choice = kept && views.querySelector(`:scope > .view-tabs > input[value="${CSS.escape(kept)}"]`);
    if (choice) choice.checked = true;
  }
}

choose(document);
document.addEventListener("htmx:after:swap", () => choose(document));
