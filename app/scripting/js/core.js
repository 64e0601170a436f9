// The script's one way out, and what needs nothing else: errors, randomness, sleep.
const hostCall = globalThis.__host;
delete globalThis.__host;

const toJson = JSON.stringify;
const fromJson = JSON.parse;
const define = Object.defineProperty;

/** A global that a script may shadow with `const`, and that lists of globals do not show. */
function publish(name, value) {
  define(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

/** A global that a script cannot change: the app calls it after each statement. */
function fix(name, value) {
  define(globalThis, name, { value });
}

function hidden(target, key, value) {
  define(target, key, { value, writable: true, configurable: true, enumerable: false });
  return target;
}

const errorClasses = Object.create(null);

/** A class of errors that the app may answer with. */
function errorClass(name, parent = Error) {
  const made = class extends parent {
    constructor(message) {
      super(message);
      hidden(this, "name", name);
    }
  };
  define(made, "name", { value: name });
  errorClasses[name] = made;
  publish(name, made);
  return made;
}

function raise({ name, message, ...fields }) {
  const error = new (errorClasses[name] ?? Error)(message);
  if (error.name !== name) hidden(error, "name", name);
  throw Object.assign(error, fields);
}

/** Ask the app; `fields` and the answer are JSON. A refusal or a server's error is thrown. */
function ask(op, fields) {
  const answer = fromJson(hostCall(toJson({ __proto__: null, op, ...fields }))); // no prototype says how it is written
  if (answer?.error) raise(revive(answer.error));
  return answer;
}

/** Contexts start from one image of memory, so each draws its own seed, when it first needs one. */
const random = (() => {
  let state;
  const next = () => {
    let t = (state[0] + state[1] + state[3]++) | 0;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = (state[2] + (state[2] << 3)) | 0;
    state[2] = ((state[2] << 21) | (state[2] >>> 11)) + t | 0;
    return t >>> 0;
  };
  return () => {
    if (!state) {
      state = [...ask("entropy", {}), 1].map((n) => n | 0);
      for (let i = 0; i < 12; i++) next();
    }
    return next();
  };
})();
hidden(Math, "random", function random_() {
  return (random() >>> 5) * 2 ** -27 + (random() >>> 11) * 2 ** -48;
});

publish("sleep", function sleep(ms) {
  ask("sleep", { ms: Number(ms) });
});

/** Timers have no loop of their own: each wait is slept in its turn, the earliest first, when the script next gives way. */
const timed = [];
let timersMade = 0;
publish("setTimeout", function setTimeout(callback, ms = 0, ...values) {
  const timer = { id: ++timersMade, at: Date.now() + Math.max(0, Number(ms) || 0), callback, values };
  timed.push(timer);
  Promise.resolve().then(() => {
    if (!timed.length) return;
    const next = timed.reduce((a, b) => (b.at < a.at ? b : a));
    timed.splice(timed.indexOf(next), 1);
    const left = next.at - Date.now();
    if (left > 0) ask("sleep", { ms: left });
    next.callback(...next.values);
  });
  return timer.id;
});
publish("clearTimeout", (id) => {
  const at = timed.findIndex((timer) => timer.id === id);
  if (at >= 0) timed.splice(at, 1);
});
