// How values look when printed, and the functions that print them.
const inspectAs = Symbol("inspect");
const MAX_LINE = 76;
const MAX_ITEMS = 100;
const MAX_DEPTH = 6;

function quoted(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") ? "`" : "'";
  const inner = toJson(text).slice(1, -1).replaceAll('\\"', '"');
  return mark + (mark === "'" ? inner.replaceAll("'", "\\'") : inner) + mark;
}

function inspectKey(key) {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}

function joined(open, items, close, indent) {
  if (!items.length) return open + close;
  const flat = `${open} ${items.join(", ")} ${close}`;
  if (flat.length + indent.length <= MAX_LINE && !flat.includes("\n")) return flat;
  return `${open}\n${indent}  ${items.join(`,\n${indent}  `)}\n${indent}${close}`;
}

function inspectItems(value, seen, indent) {
  const shown = Array.from(value.slice(0, MAX_ITEMS), (item) => inspect(item, seen, `${indent}  `));
  if (value.length > MAX_ITEMS) shown.push(`... ${value.length - MAX_ITEMS} more items`);
  return shown;
}

function inspectObject(value, seen, indent) {
  if (seen.includes(value)) return "[Circular]";
  const inner = [...seen, value];
  if (typeof value[inspectAs] === "function") return value[inspectAs](inner, indent);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : `ISODate('${value.toISOString()}')`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Promise) return "Promise";
  if (seen.length >= MAX_DEPTH) return Array.isArray(value) ? "[Array]" : "[Object]";
  if (Array.isArray(value)) return joined("[", inspectItems(value, inner, indent), "]", indent);
  if (value instanceof Set) return `Set(${value.size}) ${joined("{", inspectItems([...value], inner, indent), "}", indent)}`;
  if (value instanceof Map) {
    const pairs = [...value].map(([k, v]) => `${inspect(k, inner, indent)} => ${inspect(v, inner, indent)}`);
    return `Map(${value.size}) ${joined("{", pairs, "}", indent)}`;
  }
  const pairs = Object.keys(value).map((key) => `${inspectKey(key)}: ${inspect(value[key], inner, `${indent}  `)}`);
  const maker = Object.getPrototypeOf(value)?.constructor?.name;
  return (maker && maker !== "Object" ? `${maker} ` : "") + joined("{", pairs, "}", indent);
}

/** A value in the shell's form; `seen` are the objects around it. */
function inspect(value, seen = [], indent = "") {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return /^class\b/.test(String(value)) ? `[class ${value.name}]` : `[Function${value.name ? `: ${value.name}` : " (anonymous)"}]`;
    case "symbol":
      return String(value);
    case "object":
      return value === null ? "null" : inspectObject(value, seen, indent);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

/** What one argument of `print` becomes: text as it is, all else in the shell's form. */
function printed(value) {
  return typeof value === "string" ? value : inspect(value);
}

function format(values) {
  const [first, ...rest] = values;
  if (typeof first !== "string" || !first.includes("%")) return values.map(printed).join(" ");
  const text = first.replace(/%([sdifjoO%])/g, (whole, kind) => {
    if (kind === "%") return "%";
    if (!rest.length) return whole;
    const value = rest.shift();
    if (kind === "d" || kind === "f") return String(Number(value));
    if (kind === "i") return String(Math.trunc(Number(value)));
    if (kind === "j") return EJSON.stringify(value);
    return kind === "s" ? printed(value) : inspect(value);
  });
  return [text, ...rest.map(printed)].join(" ");
}

const MAX_SAID = 250_000;

function say(severity, text) {
  hostCall(toJson({ op: "print", severity, text: text.length > MAX_SAID ? text.slice(0, MAX_SAID) : text }));
}

publish("print", (...values) => say("print", values.map(printed).join(" ")));
publish("printjson", (value) => say("print", inspect(value)));
const timers = new Map();
const consoleObject = {
  log: (...values) => say("print", format(values)),
  warn: (...values) => say("warning", format(values)),
  table: (value) => say("print", inspect(value)),
  dir: (value) => say("print", inspect(value)),
  assert: (holds, ...values) => holds || say("warning", `Assertion failed${values.length ? `: ${format(values)}` : ""}`),
  time: (label = "default") => void timers.set(label, Date.now()),
  timeEnd: (label = "default") => timers.has(label) && say("print", `${label}: ${Date.now() - timers.get(label)} ms`),
};
consoleObject.info = consoleObject.debug = consoleObject.log;
consoleObject.error = consoleObject.trace = consoleObject.warn;
publish("console", consoleObject);
