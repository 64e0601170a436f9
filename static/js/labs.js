// The link of a lab or a script with its source, and a lab's timeline as a file.

function say(text) {
  document.getElementById("announcer").textContent = text;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-lab-link]");
  if (link) {
    const address = new URL(link.closest("form").dataset.link, location.href);
    address.searchParams.set("source", document.getElementById("source").value);
    const words = link.querySelector("span");
    if (address.href.length > 8000) {
      words.textContent = "Too long for a link";
      return;
    }
    await navigator.clipboard.writeText(address.href);
    words.textContent = "Copied";
    say("The link is copied.");
  }
  if (event.target.closest("[data-lab-svg]")) save();
});

/** The figure with its colours as they are now: a file has no style sheet beside it. */
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
    for (const name of ["fill", "stroke", "stroke-width", "font-family", "font-size", "font-weight"]) {
      element.setAttribute(name, style.getPropertyValue(name));
    }
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const file = new Blob([copy.outerHTML], { type: "image/svg+xml" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "timeline.svg";
  link.click();
  URL.revokeObjectURL(link.href);
}
