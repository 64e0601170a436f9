// The link of a lab or a script with its source, and a lab's timeline as a file.

import { saveSvg } from "./save-svg.js";

const STYLES = ["fill", "stroke", "stroke-width", "font-family", "font-size", "font-weight"];

function say(text) {
  document.getElementById("announcer").textContent = text;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-lab-link]");
  if (button) {
    const words = await copyLink(button.closest("form").dataset.link, Number(button.dataset.labLink));
    button.querySelector("span").textContent = words;
    say(words);
  }
  if (event.target.closest("[data-lab-svg]")) save();
});

/** Gives what became of it. A link that the browser doesn't let us copy goes into the address bar. */
async function copyLink(path, most) {
  const address = new URL(path, location.href);
  address.searchParams.set("source", document.getElementById("source").value);
  const length = address.search.length;
  if (length > most) return `Too long for a link: ${length.toLocaleString("en")} of ${most.toLocaleString("en")} characters`;
  try {
    await navigator.clipboard.writeText(address.href);
  } catch {
    history.replaceState(null, "", address);
    return "Not copied: the link is in the address bar";
  }
  return "Copied";
}

/** The figure with its colours as they are now. */
function save() {
  const shown = document.querySelector("svg.timeline");
  if (!shown) {
    say("There is no timeline yet.");
    return;
  }
  const copy = shown.cloneNode(true);
  const originals = shown.querySelectorAll("*");
  [...copy.querySelectorAll("*")].forEach((element, at) => {
    const style = getComputedStyle(originals[at]);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
  });
  saveSvg(copy, "timeline.svg");
}
