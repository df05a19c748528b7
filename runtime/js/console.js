"use strict";
// The global `console`, by the Console Standard with Node's output: a namespace object whose
// methods need no receiver. Each message has a level, by which the embedder tells them apart;
// without one, warnings and errors go to standard error, the rest to standard output.

const {
  ErrorCaptureStackTrace, Map, MapPrototypeDelete, MapPrototypeGet, MapPrototypeSet, MathFloor,
  Number, NumberPrototypeToFixed, ObjectCreate, ObjectKeys, ObjectPrototype, ReflectDefineProperty,
  StringPrototypeIncludes, StringPrototypePadStart, StringPrototypeSlice, SymbolToStringTag,
  isObject,
} = native.primordials;
const { colors, hrtime, isTTY, print: show, write } = native;

// As in ist_level.
const levels = { __proto__: null, debug: 0, log: 1, info: 2, warn: 3, error: 4 };
const out = 1;
const err = 2;
const streamOf = (level) => (level >= levels.warn ? err : out);
let indent = "";
const counts = new Map();
const timers = new Map();

const print = (level, text) => {
  if (indent !== "") {
    if (StringPrototypeIncludes(text, "\n")) {
      native.load("layout.js");
      text = native.layout.indentLines(text, indent);
    }
    text = indent + text;
  }
  show(level, text);
};

const format = (level, args) => {
  if (args.length === 1 && typeof args[0] === "string") return args[0];
  native.load("format.js");
  return native.formatArguments(args, {
    __proto__: null,
    colors: colors(streamOf(level)),
  });
};

const log = (level, args) => print(level, format(level, args));
const warn = (text) => print(levels.warn, `Warning: ${text}`);
const labelOf = (label) => (label === undefined ? "default" : `${label}`);

const twoDigits = (value) => StringPrototypePadStart(`${value}`, 2, "0");

const duration = (ms) => {
  if (ms < 1000) return `${Number(NumberPrototypeToFixed(ms, 3))}ms`;
  if (ms < 60_000) return `${NumberPrototypeToFixed(ms / 1000, 3)}s`;
  const hours = MathFloor(ms / 3_600_000);
  const minutes = MathFloor((ms % 3_600_000) / 60_000);
  const seconds = StringPrototypePadStart(NumberPrototypeToFixed((ms % 60_000) / 1000, 3), 6, "0");
  return hours > 0
    ? `${hours}:${twoDigits(minutes)}:${seconds} (h:mm:ss.mmm)`
    : `${minutes}:${seconds} (m:ss.mmm)`;
};

const sinceStart = (label, method) => {
  const start = MapPrototypeGet(timers, label);
  if (start === undefined) {
    warn(`No such label '${label}' for console.${method}()`);
    return undefined;
  }
  return `${label}: ${duration(hrtime() - start)}`;
};

const methods = {
  __proto__: null,
  assert(condition = false, ...data) {
    if (condition) return;
    const { error } = levels;
    if (data.length === 0) print(error, "Assertion failed");
    else if (typeof data[0] === "string") log(error, restated(`Assertion failed: ${data[0]}`, data));
    else print(error, `Assertion failed ${format(error, data)}`);
  },
  clear() {
    indent = "";
    if (isTTY(out)) write(out, "\u001b[1;1H\u001b[0J");
  },
  debug(...data) {
    log(levels.debug, data);
  },
  error(...data) {
    log(levels.error, data);
  },
  info(...data) {
    log(levels.info, data);
  },
  log(...data) {
    log(levels.log, data);
  },
  table(data = undefined, properties = undefined) {
    native.load("table.js");
    const text = native.formatTable(data, properties);
    if (text === undefined) log(levels.log, [data]);
    else print(levels.log, text);
  },
  trace(...data) {
    const holder = { __proto__: null, name: "Trace", message: format(levels.error, data) };
    ErrorCaptureStackTrace(holder, methods.trace);
    native.load("values.js");
    print(levels.error, `${native.values.dataOf(holder, "stack")}`);
  },
  warn(...data) {
    log(levels.warn, data);
  },
  dir(item = undefined, options = undefined) {
    native.load("inspect.js");
    const { dataOf } = native.values;
    const chosen = { __proto__: null, colors: colors(out), depth: 2, showHidden: false };
    if (isObject(options)) {
      const names = ObjectKeys(chosen);
      for (let i = 0; i < names.length; i++) {
        const value = dataOf(options, names[i]);
        if (value !== undefined) chosen[names[i]] = value;
      }
    }
    print(levels.log, native.inspect(item, chosen));
  },
  dirxml(...data) {
    log(levels.log, data);
  },
  count(label = undefined) {
    const name = labelOf(label);
    const count = (MapPrototypeGet(counts, name) ?? 0) + 1;
    MapPrototypeSet(counts, name, count);
    print(levels.info, `${name}: ${count}`);
  },
  countReset(label = undefined) {
    const name = labelOf(label);
    if (!MapPrototypeDelete(counts, name)) warn(`Count for '${name}' does not exist`);
  },
  group(...data) {
    if (data.length > 0) log(levels.log, data);
    indent += "  ";
  },
  groupCollapsed(...data) {
    if (data.length > 0) log(levels.log, data);
    indent += "  ";
  },
  groupEnd() {
    indent = StringPrototypeSlice(indent, 2);
  },
  time(label = undefined) {
    const name = labelOf(label);
    if (MapPrototypeGet(timers, name) === undefined) MapPrototypeSet(timers, name, hrtime());
    else warn(`Label '${name}' already exists for console.time()`);
  },
  timeLog(label = undefined, ...data) {
    const text = sinceStart(labelOf(label), "timeLog");
    if (text === undefined) return;
    print(levels.log, data.length === 0 ? text : `${text} ${format(levels.log, data)}`);
  },
  timeEnd(label = undefined) {
    const name = labelOf(label);
    const text = sinceStart(name, "timeEnd");
    if (text === undefined) return;
    print(levels.info, text);
    MapPrototypeDelete(timers, name);
  },
};

// The arguments with another first one.
const restated = (first, data) => {
  data[0] = first;
  return data;
};

const console = ObjectCreate(ObjectCreate(ObjectPrototype));
const names = ObjectKeys(methods);
for (let i = 0; i < names.length; i++) {
  ReflectDefineProperty(console, names[i], {
    __proto__: null,
    value: methods[names[i]],
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
ReflectDefineProperty(console, SymbolToStringTag, {
  __proto__: null,
  value: "console",
  configurable: true,
});

native.defineGlobal("console", console);
