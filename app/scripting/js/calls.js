// Calls that go on at the same time: each begins at once, and its promise is settled when the app has the answer.
const MAX_SENT = 1_000_000;
const MAX_UNSENT = 100;
const waiting = new Map();
const unsent = [];
const drained = [];
let begun = 0;

/** Begin something; `fields` tell the app what. It goes out when the script next waits, and an error of it names the line it began in. */
function begin(fields) {
  const { stack } = new Error();
  if (toJson(fields).length > MAX_SENT) throw new RangeError(`One call may carry ${MAX_SENT} characters.`);
  return new Promise((resolve, reject) => {
    const id = ++begun;
    waiting.set(id, { resolve, reject, stack });
    unsent.push({ ...fields, id });
    if (unsent.length >= MAX_UNSENT) ask("begin", { calls: unsent.splice(0) });
  });
}

/** A call of an engine. `shown`: what it is, for people; `link`: the connection it goes over, where it has one of its own. */
function callEngine(engine, shown, request, link) {
  return begin({ engine, shown: shown.slice(0, 400), request, link });
}

/** A connection of the script's own: `client(link)` gives its methods. */
async function connectTo(engine, client) {
  const link = await begin({ engine, shown: "connect", connect: true });
  return Object.assign(client(link), { close: () => begin({ engine, shown: "close", close: true, link }) });
}

/** An object with methods of any name: its own, and those that `make(name)` gives. */
function methods(own, make) {
  const known = new Map();
  return new Proxy(own, {
    get(target, name) {
      if (name in target || typeof name !== "string" || name === "then" || name === "toJSON") return target[name];
      if (!known.has(name)) known.set(name, make(name));
      return known.get(name);
    },
  });
}

function settleCall(id, answer) {
  const { resolve, reject, stack } = waiting.get(id);
  waiting.delete(id);
  if (!answer.error) return resolve(answer.value);
  const { name, message, ...fields } = answer.error;
  const error = Object.assign(new Error(message), fields);
  reject(hidden(hidden(error, "name", name), "stack", stack));
}

/** Called when the script has nothing left to do but to wait. */
fix("__wake", () => {
  if (!waiting.size) return false;
  for (const [id, answer] of ask("wait", { calls: unsent.splice(0) })) settleCall(id, answer);
  if (!waiting.size) for (const done of drained.splice(0)) done();
  return true;
});

/** The script's own code is done; what it began and did not wait for goes on to its end. */
fix("__show", async () => {
  while (waiting.size) await new Promise((resolve) => drained.push(resolve));
  return "";
});

publish("time", () => ask("time", {}));
publish("sleep", (ms) => begin({ sleep: Math.max(0, Number(ms) || 0) }));
publish("measure", async function measure(name, work) {
  const span = ask("span", { name: String(name).slice(0, 100) });
  try {
    const value = await work();
    return { value, ...ask("spanEnd", { span }) };
  } catch (error) {
    ask("spanEnd", { span });
    throw error;
  }
});

const cleared = new Set();
let madeTimers = 0;
publish("setTimeout", (callback, ms = 0, ...values) => {
  const id = ++madeTimers;
  sleep(ms).then(() => cleared.delete(id) || callback(...values));
  return id;
});
publish("clearTimeout", (id) => void cleared.add(id));
