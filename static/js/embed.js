// Inside another site's page: tell that page how high this one is, so that it can make room.

if ("embed" in document.documentElement.dataset && parent !== window) {
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height !== told) parent.postMessage({ sandtable: "height", height: (told = height) }, "*");
  }).observe(document.body);
}
