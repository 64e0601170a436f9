// Completion from a fixed list of words.

export function wordCompletion(words, pattern) {
  const options = words.map((label) => ({ label, type: "keyword" }));
  return (context) => {
    const word = context.matchBefore(pattern);
    return word && (word.from < word.to || context.explicit) ? { from: word.from, options, validFor: /^\w*$/ } : null;
  };
}

let asked = null;

/** The engine's own vocabulary, `[{name, kind, detail, info, within}]`: asked for once a page, empty while it is not there. */
export function engineWords() {
  const address = document.querySelector("meta[name=words]")?.content;
  asked ??= address ? fetch(address).then((answer) => (answer.ok ? answer.json() : [])).catch(() => []) : Promise.resolve([]);
  return asked;
}

/** Words as completions. */
export function wordOptions(words) {
  return words.map(({ name, kind, detail, info }) => ({ label: name, type: kind, detail, info }));
}
