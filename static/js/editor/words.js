// Completion from a fixed list of words.

export function wordCompletion(words, pattern) {
  const options = words.map((label) => ({ label, type: "keyword" }));
  return (context) => {
    const word = context.matchBefore(pattern);
    return word && (word.from < word.to || context.explicit) ? { from: word.from, options, validFor: /^\w*$/ } : null;
  };
}
