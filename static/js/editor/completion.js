// Names from the sandbox, as the sidebar shows them now.

export function sandboxCompletion(context) {
  const word = context.matchBefore(/[\w$:.-]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const options = [];
  for (const object of document.querySelectorAll("#schema [data-object]")) {
    const apply = object.querySelector("[data-insert]")?.dataset.insert;
    options.push({ label: object.dataset.object, apply, detail: object.querySelector("small")?.textContent });
    for (const part of object.querySelectorAll("[data-part]")) {
      const { insert } = part.querySelector("[data-insert]").dataset;
      options.push({ label: part.dataset.part, apply: insert, detail: object.dataset.object, boost: -1 });
    }
  }
  // After a dot, only the last name is being written: u.na, db.orders.
  const dot = word.text.lastIndexOf(".");
  return options.length ? { from: word.from + dot + 1, options, validFor: /^[\w$:-]*$/ } : null;
}
