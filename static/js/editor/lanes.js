// In a lab's script: whose line it is, from the markers `-- A:` and `-- B:`.

import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, ViewPlugin } from "@codemirror/view";

/** `comment` begins a comment in the engine's language. */
export function laneMarks(comment) {
  const marker = new RegExp(`^\\s*${comment.replace(/[/#-]/g, "\\$&")}\\s*([AB]):`);

  function marks(view) {
    const builder = new RangeSetBuilder();
    const { doc } = view.state;
    let lane = null;
    for (let number = 1; number <= doc.lines; number++) {
      const line = doc.line(number);
      const found = line.text.match(marker);
      if (found) lane = found[1];
      if (!lane) continue;
      builder.add(line.from, line.from, Decoration.line({ class: `cm-lane cm-lane-${lane}${found ? " cm-lane-turn" : ""}` }));
      if (found) builder.add(line.from, line.from + found[0].length, Decoration.mark({ class: "cm-lane-name" }));
    }
    return builder.finish();
  }

  return ViewPlugin.fromClass(
    class {
      constructor(view) {
        this.decorations = marks(view);
      }
      update(update) {
        if (update.docChanged) this.decorations = marks(update.view);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}
