// Before the first paint: the theme and the layout the visitor left, so that nothing jumps.

import { recall } from "./storage.js";

const root = document.documentElement;
root.dataset.js = "";

const theme = recall("theme");
if (!("embed" in root.dataset) && (theme === "light" || theme === "dark")) root.dataset.theme = theme;
if (recall("sidebar-closed")) root.dataset.sidebar = "closed";
if (recall("layout") === "beside") root.dataset.layout = "beside";
for (const key of ["sidebar", "editor", "editor-width"]) {
  const size = Number(recall(`size:${key}`));
  if (size > 0) root.style.setProperty(`--${key}`, `${size}px`);
}
const codeSize = Number(recall("code-size"));
if (codeSize > 0) root.style.setProperty("--code-size", `${codeSize}px`);
