// A plan's drawing as a file; steps that are named elsewhere.

import { saveSvg } from "./save-svg.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save-svg]");
  if (!button) return;
  const drawing = document.getElementById(button.dataset.saveSvg).cloneNode(true);
  drawing.setAttribute("width", "1200");
  saveSvg(drawing, "plan.svg");
});

// A step named elsewhere may lie in a view that is not shown.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".insight a[href^='#']");
  const step = link && document.getElementById(link.hash.slice(1));
  if (!step) return;
  const tree = step.closest(".views")?.querySelector(":scope > .view-tabs > input[value=tree]");
  if (tree) tree.checked = true;
});
