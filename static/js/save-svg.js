// A figure of the page as a file.

/** `figure` is an SVG element with its colours in it: a file has no style sheet beside it. */
export function saveSvg(figure, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(figure)], { type: "image/svg+xml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
