// A paste that reads like another database's SQL: the server is asked once it has come to rest, and answers with an offer or nothing.

const ASK_AFTER_MS = 400;
const SHORTEST = 16;

let asking = 0;

document.addEventListener("paste", (event) => {
  const ask = document.querySelector("[data-offer-ask]");
  if (!ask || !event.target.closest?.("#source")) return;
  if ((event.clipboardData?.getData("text/plain") ?? "").length < SHORTEST) return;
  clearTimeout(asking);
  asking = setTimeout(() => ask.click(), ASK_AFTER_MS);
}, true);

export function dropOffer() {
  clearTimeout(asking);
  document.getElementById("offer")?.replaceChildren();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dismiss-offer]")) return;
  dropOffer();
  document.querySelector("#source .cm-content")?.focus();
});
