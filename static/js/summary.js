// The bars of a comparison are lengths against the slowest so far, so they change as answers come in.

function draw(summary) {
  const bars = [...summary.querySelectorAll("[data-ms]")];
  const slowest = Math.max(...bars.map((bar) => Number(bar.dataset.ms)), 0.001);
  for (const bar of bars) bar.setAttribute("width", `${((100 * bar.dataset.ms) / slowest).toFixed(1)}%`);
}

const summary = document.getElementById("summary");
if (summary) {
  draw(summary);
  document.addEventListener("htmx:after:swap", () => draw(summary));
}
