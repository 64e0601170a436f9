// Everything a page needs at once. The editor and its languages come in chunks of their own.

import "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-csp.js";
import "./theme.js";
import "./layout.js";
import "./code-editor.js";
import "./runs.js";
import "./dialogs.js";
import "./embed.js";
import "./import.js";
import "./owner.js";
import "./take.js";
import "./summary.js";
import "./compare.js";
import "./tasks.js";
import "./sandbox.js";
import "./count-down.js";
import "./views.js";
import "./tabs.js";
import "./palette.js";
import "./labs.js";
import "./data-table.js";
import "./pan-zoom.js";
import "./plan.js";
