// The dialog that shows a shared link, and copying it.

const dialog = document.getElementById("share-dialog");

dialog?.addEventListener("htmx:after:settle", () => {
  if (dialog.open) return;
  dialog.showModal();
  dialog.querySelector("input")?.select();
});

dialog?.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const copied = document.getElementById(button.dataset.copy);
  if (copied.select) copied.select();
  else getSelection().selectAllChildren(copied);
  try {
    await navigator.clipboard.writeText(copied.value ?? copied.textContent);
    button.querySelector("span").textContent = "Copied";
  } catch {
    button.querySelector("span").textContent = "Press Ctrl C";
  }
});
