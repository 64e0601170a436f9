// A plan's drawing as a file.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save-svg]");
  if (!button) return;
  const drawing = document.getElementById(button.dataset.saveSvg).cloneNode(true);
  drawing.setAttribute("width", "1200");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" }));
  link.download = "plan.svg";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

// A step named elsewhere may lie in a view that is not shown.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".insight a[href^='#']");
  const step = link && document.getElementById(link.hash.slice(1));
  if (!step) return;
  const tree = step.closest(".views")?.querySelector(":scope > .view-tabs > input[value=tree]");
  if (tree) tree.checked = true;
});
