// A chart of a result's rows, as SVG: lines, bars or points. Loaded when one is asked for.

import { axisBottom, axisLeft } from "d3-axis";
import { scaleBand, scaleLinear, scalePoint } from "d3-scale";
import { select } from "d3-selection";
import { line } from "d3-shape";

const WIDTH = 860;
const HEIGHT = 320;
const MARGIN = { top: 16, right: 16, bottom: 40, left: 64 };
const MOST_SERIES = 4;
const MOST_BARS = 200;
const MOST_POINTS = 1000;
const KINDS = [
  ["bar", "Bars"],
  ["line", "Lines"],
  ["point", "Points"],
];

const number = (text) => (text === null || text === "" ? null : Number(text.replaceAll(/[$,]/g, "")));

/**
 * An element with the chart and its choices. `columns`: `{name, numeric}`; `rows`: cells as text or null.
 * `chosen`: `{kind, x, y}` to begin with; `onChange` is told of each choice.
 */
export function drawChart({ columns, rows }, { chosen, onChange }) {
  const numeric = columns.flatMap(({ numeric: is }, at) => (is ? [at] : []));
  const x = columns.findIndex(({ numeric: is }) => !is);
  const state = { kind: x < 0 ? "point" : "bar", x: x < 0 ? numeric[0] : x, y: numeric.filter((at) => at !== x).slice(0, 1) };
  if (x < 0 && numeric.length > 1) state.y = [numeric[1]];
  if (chosen && [chosen.x, ...chosen.y].every((at) => at < columns.length)) Object.assign(state, chosen);
  const figure = document.createElement("figure");
  figure.className = "chart";
  const redraw = () => {
    figure.replaceChildren(controls(columns, numeric, state, redraw), picture(columns, rows, state));
    onChange({ ...state });
  };
  redraw();
  return figure;
}

function controls(columns, numeric, state, redraw) {
  const bar = document.createElement("div");
  bar.className = "chart-controls";
  const kinds = choice("Kind", KINDS, state.kind, (value) => (state.kind = value));
  const across = choice("Across", columns.map(({ name }, at) => [String(at), name]), String(state.x), (value) => (state.x = Number(value)));
  bar.append(kinds, across);
  for (const at of numeric) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = state.y.includes(at);
    box.disabled = !box.checked && state.y.length >= MOST_SERIES;
    box.addEventListener("change", () => {
      state.y = box.checked ? [...state.y, at] : state.y.filter((other) => other !== at);
      redraw();
    });
    label.className = `series-${state.y.indexOf(at) + 1}`;
    label.append(box, columns[at].name);
    bar.append(label);
  }
  return bar;

  function choice(name, options, value, set) {
    const label = document.createElement("label");
    const list = document.createElement("select");
    for (const [key, text] of options) list.add(new Option(text, key, key === value, key === value));
    list.addEventListener("change", () => {
      set(list.value);
      redraw();
    });
    label.append(`${name} `, list);
    return label;
  }
}

function picture(columns, rows, { kind, x, y }) {
  const most = kind === "bar" ? MOST_BARS : MOST_POINTS;
  const drawn = rows.slice(0, most);
  const svg = select(document.createElementNS("http://www.w3.org/2000/svg", "svg"))
    .attr("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
    .attr("role", "img")
    .attr("aria-label", `${columns[x].name} against ${y.map((at) => columns[at].name).join(", ") || "nothing"}, ${drawn.length} rows`);
  const values = y.flatMap((at) => drawn.map((row) => number(row[at]))).filter((value) => Number.isFinite(value));
  if (!values.length) {
    svg.append("text").attr("x", WIDTH / 2).attr("y", HEIGHT / 2).attr("text-anchor", "middle").text("Choose a column of numbers.");
    return svg.node();
  }
  const low = Math.min(...values);
  const up = scaleLinear([kind === "bar" ? Math.min(0, low) : low, Math.max(...values, kind === "bar" ? 0 : -Infinity)], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice();
  const [across, place] = horizontal(columns, drawn, kind, x);
  const ticks = across.ticks ? null : across.domain().filter((_, at, all) => at % Math.ceil(all.length / 10) === 0);
  const label = (at) => (drawn[at]?.[x] ?? "null").slice(0, 14);
  const bottom = axisBottom(across);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0 ${HEIGHT - MARGIN.bottom})`).call(ticks ? bottom.tickValues(ticks).tickFormat(label) : bottom);
  svg.append("g").attr("class", "axis").attr("transform", `translate(${MARGIN.left} 0)`).call(axisLeft(up).ticks(6));
  y.forEach((at, series) => {
    const points = drawn.map((row, n) => ({ at: place(row, n), value: number(row[at]), title: `${row[x] ?? "null"}: ${row[at]}` })).filter(({ value, at: where }) => Number.isFinite(value) && Number.isFinite(where));
    const group = svg.append("g").attr("class", `series series-${series + 1}`);
    if (kind === "bar") {
      const width = across.bandwidth() / y.length;
      group.selectAll("rect").data(points).join("rect").attr("x", (d) => d.at + series * width).attr("width", Math.max(0.5, width - 1)).attr("y", (d) => Math.min(up(0), up(d.value))).attr("height", (d) => Math.abs(up(d.value) - up(0))).append("title").text((d) => d.title);
      return;
    }
    if (kind === "line") group.append("path").attr("d", line((d) => d.at, (d) => up(d.value))(points));
    if (kind === "point" || points.length <= 60) group.selectAll("circle").data(points).join("circle").attr("cx", (d) => d.at).attr("cy", (d) => up(d.value)).attr("r", 3).append("title").text((d) => d.title);
  });
  if (rows.length > most) svg.append("text").attr("class", "note").attr("x", WIDTH - MARGIN.right).attr("y", 12).attr("text-anchor", "end").text(`the first ${most} of ${rows.length} rows`);
  return svg.node();
}

/** The scale across, and where on it a row stands. Numbers lie true to scale, everything else side by side. */
function horizontal(columns, rows, kind, x) {
  const range = [MARGIN.left, WIDTH - MARGIN.right];
  if (columns[x].numeric && kind !== "bar") {
    const values = rows.map((row) => number(row[x])).filter((value) => Number.isFinite(value));
    const scale = scaleLinear([Math.min(...values), Math.max(...values)], range).nice();
    return [scale, (row) => scale(number(row[x]) ?? Number.NaN)];
  }
  const places = rows.map((_, at) => at);
  const scale = kind === "bar" ? scaleBand(places, range).padding(0.15) : scalePoint(places, range).padding(0.5);
  return [scale, (_, at) => scale(at)];
}
