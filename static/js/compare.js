// The compare page: when the last pane has answered, the answers are compared; slow work has a clock and a Stop.

const ask = document.getElementById("ask-verdict");
const isPane = (event) => event.detail.ctx?.sourceElement?.matches?.(".pane form[data-run]");
const going = new Set();

document.addEventListener("htmx:before:request", (event) => {
  if (isPane(event)) going.add(event.detail.ctx.sourceElement);
});

document.addEventListener("htmx:finally:request", (event) => {
  if (!ask || !isPane(event)) return;
  going.delete(event.detail.ctx.sourceElement);
  if (!going.size) ask.click();
});

/** The part of the page that a slow request belongs to. */
const slowOf = (event) => {
  const button = event.detail.ctx?.sourceElement;
  return button?.matches?.("[data-begins]") ? button.closest("[data-slow]") : null;
};

function slow(part, begins) {
  part.querySelector("run-clock")[begins ? "start" : "end"]();
  part.querySelector("[data-ends]").disabled = !begins;
  for (const button of document.querySelectorAll("[data-begins]")) button.disabled = begins;
}

document.addEventListener("htmx:before:request", (event) => {
  const part = slowOf(event);
  if (part) slow(part, true);
});

document.addEventListener("htmx:finally:request", (event) => {
  const part = slowOf(event);
  if (part) slow(part, false);
});

for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
