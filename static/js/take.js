// Copy as Markdown, TSV, CSV, JSON: the text behind the link goes to the clipboard; without JavaScript the link opens it.

async function textOf(link) {
  const answer = await fetch(link.href, { headers: { accept: "text/markdown" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-copy-from]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const label = link.querySelector("span");
  const said = label.textContent;
  try {
    const text = textOf(link).then((markdown) => new Blob([markdown], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
    label.textContent = "Copied";
    document.getElementById("announcer").textContent = "Copied.";
  } catch {
    location.assign(link.href);
    return;
  }
  setTimeout(() => { label.textContent = said; }, 2000);
});
