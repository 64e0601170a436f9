// Which tasks were solved here: kept in this browser alone. A solved task is marked; the catalogue counts them.

import { keep, recall } from "./storage.js";

const solved = () => new Set((recall("solved") ?? "").split(" ").filter(Boolean));

function mark() {
  const done = solved();
  for (const part of document.querySelectorAll("[data-task]")) part.toggleAttribute("data-solved", done.has(part.dataset.task));
  const listed = document.querySelectorAll(".task-list [data-task]");
  const count = document.querySelector("[data-solved-count]");
  if (count) count.textContent = `${[...listed].filter(({ dataset }) => done.has(dataset.task)).length} of ${listed.length} solved in this browser`;
}

document.addEventListener("htmx:after:swap", () => {
  const right = document.querySelector("[data-solves]");
  if (!right) return;
  keep("solved", [...solved().add(right.dataset.solves)].join(" "));
  mark();
});

mark();
