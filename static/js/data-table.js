// A table of a result: sort and filter what was fetched, size columns, walk cells by keyboard, look into one, draw a chart.

const NUMERIC = /^(?:smallint|integer|bigint|int[248]|numeric|real|float[48]|double precision|money|oid|number)\b/;

const PAGE = 300;
const NEAR_PX = 800;

class DataTable extends HTMLElement {
  connectedCallback() {
    this.table = this.querySelector("table");
    const head = this.table?.tHead?.rows[0];
    this.body = this.table?.tBodies[0];
    if (!head || !this.body || this.upgraded) return;
    this.upgraded = true;
    this.rows = [...this.body.rows];
    this.columns = [...head.cells].slice(1).map((cell) => ({
      cell,
      name: cell.firstChild.textContent.trim(),
      type: cell.querySelector("small")?.textContent.trim() ?? "",
    }));
    this.rows.forEach((row, at) => (row.cells[0].dataset.row = at + 1));
    this.order = null;
    this.columns.forEach((column, at) => this.prepare(column, at));
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("focusin", (event) => this.focused(event));
    this.addEventListener("dblclick", (event) => {
      const cell = event.target.closest("tbody td:not(.row-number)");
      if (cell) this.inspect(cell);
    });
    this.addEventListener("click", (event) => {
      const cell = event.target.closest("tbody td:not(.row-number)");
      if (cell && !event.target.closest("summary, a, button")) this.focusCell(cell);
    });
    if (this.rows.length) this.tools();
    if (this.dataset.chart && this.chartButton) this.toggleChart(JSON.parse(this.dataset.chart));
    this.sorted = this.shown = this.rows;
    if (this.rows.length > PAGE) this.show();
    else this.enterAt(this.rows[0]?.cells[1]);
    this.addEventListener("scroll", () => {
      if (this.scrollTop + this.clientHeight > this.scrollHeight - NEAR_PX) this.showMore();
    });
  }

  prepare(column, at) {
    const sort = document.createElement("button");
    sort.type = "button";
    sort.className = "sort";
    sort.title = `Sort the rows fetched by ${column.name}`;
    sort.append(...column.cell.childNodes);
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.setAttribute("aria-hidden", "true");
    grip.addEventListener("pointerdown", (event) => this.resize(event, column.cell));
    column.cell.append(sort, grip);
    sort.addEventListener("click", () => this.sort(at));
  }

  tools() {
    const tools = document.createElement("span");
    tools.className = "tools";
    if (this.rows.length > 5) {
      this.filterField = document.createElement("input");
      this.filterField.type = "search";
      this.filterField.placeholder = "Filter rows";
      this.filterField.setAttribute("aria-label", "Show the fetched rows that have this in them");
      this.filterField.addEventListener("input", () => this.filter());
      tools.append(this.filterField);
    }
    if (this.rows.length > 1 && this.columns.some(({ type }) => NUMERIC.test(type))) {
      this.chartButton = document.createElement("button");
      this.chartButton.type = "button";
      this.chartButton.className = "button quiet small";
      this.chartButton.textContent = "Chart";
      this.chartButton.setAttribute("aria-pressed", "false");
      this.chartButton.addEventListener("click", () => this.toggleChart());
      tools.append(this.chartButton);
    }
    this.said = document.createElement("span");
    this.said.className = "view-note";
    this.said.setAttribute("role", "status");
    tools.append(this.said);
    if (tools.childElementCount === 1) return;
    const head = this.closest(".result")?.querySelector(".result-head");
    if (head && !this.closest(".view")) head.insertBefore(tools, head.querySelector(".times"));
    else this.before(tools);
  }

  valueOf(row, at) {
    const cell = row.cells[at + 1];
    if (cell.classList.contains("void")) return cell.textContent === "null" ? null : "";
    const whole = cell.querySelector("details > pre, details > .doc");
    return whole ? (whole.dataset.value ?? whole.textContent) : cell.textContent;
  }

  /** Up, down, and back to the order they came in. NULLs stand last, as the server puts them by default. */
  sort(at) {
    const same = this.order?.at === at;
    this.order = same && this.order.down ? null : { at, down: same };
    for (const { cell } of this.columns) cell.removeAttribute("aria-sort");
    let rows = this.rows;
    if (this.order) {
      const numeric = NUMERIC.test(this.columns[at].type);
      const keyed = rows.map((row) => ({ row, value: this.valueOf(row, at) }));
      const compare = numeric
        ? (one, other) => Number(one.replaceAll(/[$,]/g, "")) - Number(other.replaceAll(/[$,]/g, ""))
        : new Intl.Collator("en", { numeric: false }).compare;
      const sign = this.order.down ? -1 : 1;
      keyed.sort((one, other) => {
        if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
        return sign * compare(one.value, other.value);
      });
      rows = keyed.map(({ row }) => row);
      this.columns[at].cell.setAttribute("aria-sort", this.order.down ? "descending" : "ascending");
    }
    this.sorted = rows;
    this.show();
    this.say();
  }

  /** The rows that are sorted and pass the filter. Only as many stand in the table as were scrolled to: thousands at once would lag. */
  show() {
    this.shown = this.sorted.filter((row) => !row.hidden);
    this.body.replaceChildren(...this.shown.slice(0, PAGE));
    this.enterAt(this.shown[0]?.cells[1]);
  }

  showMore() {
    const standing = this.body.rows.length;
    this.body.append(...this.shown.slice(standing, standing + PAGE));
  }

  filter() {
    const wanted = this.filterField.value.trim().toLowerCase();
    this.texts ??= this.rows.map((row) => row.textContent.toLowerCase());
    this.rows.forEach((row, at) => (row.hidden = wanted !== "" && !this.texts[at].includes(wanted)));
    this.show();
    this.say();
  }

  say() {
    const parts = [];
    const shown = this.shown.length;
    if (shown < this.rows.length) parts.push(`${shown.toLocaleString("en")} of ${this.rows.length.toLocaleString("en")} rows fetched have this`);
    if (this.order) parts.push(`sorted in the browser by ${this.columns[this.order.at].name}`);
    if (parts.length && !this.said.isConnected) this.before(this.said);
    this.said.textContent = parts.join(" · ");
  }

  resize(event, cell) {
    event.preventDefault();
    const from = event.clientX;
    const before = cell.offsetWidth;
    const grip = event.target;
    grip.setPointerCapture(event.pointerId);
    const move = (next) => {
      const width = `${Math.max(48, before + next.clientX - from)}px`;
      cell.style.minWidth = cell.style.maxWidth = cell.style.width = width;
      const at = cell.cellIndex;
      for (const row of this.rows) row.cells[at].style.maxWidth = width;
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", move), { once: true });
  }

  focused(event) {
    this.enterAt(event.target.closest("tbody td"));
  }

  /** The one cell that Tab reaches. */
  enterAt(cell) {
    if (!cell || cell === this.cell) return;
    if (this.cell) this.cell.tabIndex = -1;
    this.cell = cell;
    cell.tabIndex = 0;
  }

  focusCell(cell) {
    if (!cell) return;
    this.enterAt(cell);
    cell.focus();
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  key(event) {
    const cell = event.target.closest("tbody td");
    if (!cell || event.target !== cell) return;
    const row = cell.parentElement;
    const at = this.shown.indexOf(row);
    while (at + 11 > this.body.rows.length && this.body.rows.length < this.shown.length) this.showMore();
    const rows = [...this.body.rows];
    const column = cell.cellIndex;
    const copies = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c" && getSelection().isCollapsed;
    if (copies) this.copy(event.shiftKey ? this.columns.map((_, n) => this.valueOf(row, n) ?? "").join("\t") : (this.valueOf(row, column - 1) ?? ""));
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "ArrowDown") this.focusCell(rows[at + 1]?.cells[column]);
    else if (event.key === "ArrowUp") this.focusCell(rows[at - 1]?.cells[column]);
    else if (event.key === "ArrowLeft" && column > 1) this.focusCell(row.cells[column - 1]);
    else if (event.key === "ArrowRight") this.focusCell(row.cells[column + 1]);
    else if (event.key === "Home") this.focusCell(row.cells[1]);
    else if (event.key === "End") this.focusCell(row.cells[row.cells.length - 1]);
    else if (event.key === "PageDown") this.focusCell((rows[at + 10] ?? rows.at(-1)).cells[column]);
    else if (event.key === "PageUp") this.focusCell((rows[at - 10] ?? rows[0]).cells[column]);
    else if (event.key === "Enter") this.inspect(cell);
    else return;
    event.preventDefault();
  }

  async copy(text) {
    await navigator.clipboard.writeText(text);
    document.getElementById("announcer").textContent = "Copied.";
  }

  /** The whole value of a cell in a dialog: its type, its length, JSON laid out. */
  inspect(cell) {
    const at = cell.cellIndex - 1;
    const column = this.columns[at];
    if (!column) return;
    const value = this.valueOf(cell.parentElement, at);
    const dialog = document.getElementById("cell-dialog");
    dialog.querySelector("h2").textContent = column.name;
    const facts = [`row ${cell.parentElement.cells[0].dataset.row}`, column.type];
    facts.push(value === null ? "null" : `${[...value].length.toLocaleString("en")} characters, ${new TextEncoder().encode(value).length.toLocaleString("en")} bytes`);
    dialog.querySelector(".quiet").textContent = facts.filter(Boolean).join(" · ");
    const shown = dialog.querySelector("pre");
    shown.textContent = value === null ? "null" : pretty(value);
    dialog.querySelector("[data-copy-cell]").onclick = () => this.copy(value ?? "");
    dialog.showModal();
  }

  async toggleChart(chosen = null) {
    const pressed = this.chartButton.getAttribute("aria-pressed") === "true";
    this.chartButton.setAttribute("aria-pressed", !pressed);
    if (pressed) {
      this.chart.remove();
      this.keepChart(null);
      return;
    }
    const { drawChart } = await import("./chart.js");
    this.chart = drawChart(
      {
        columns: this.columns.map(({ name, type }) => ({ name, numeric: NUMERIC.test(type) })),
        rows: this.rows.filter(({ hidden }) => !hidden).map((row) => this.columns.map((_, at) => this.valueOf(row, at))),
      },
      { chosen, onChange: (choice) => this.keepChart(choice) },
    );
    this.before(this.chart);
  }

  /** What is drawn goes with the source when it is shared. */
  keepChart(choice) {
    const field = this.closest("#results") && document.querySelector("#run-form [name=charts]");
    if (!field) return;
    const charts = JSON.parse(field.value || "{}");
    charts[this.dataset.number] = choice ?? undefined;
    field.value = JSON.stringify(charts);
  }
}

/** JSON laid out, where that changes the space in it alone: no number longer than JavaScript's, no name twice. */
function pretty(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const laid = JSON.stringify(JSON.parse(text), null, 2);
    return bare(laid) === bare(text) ? laid : text;
  } catch {
    return text;
  }
}

function bare(text) {
  return text.replaceAll(/\s/g, "");
}

customElements.define("data-table", DataTable);
