"use strict";
// The shape of the module `isthmus:host`, made when it is first imported. `work` holds the native
// functions. A failure of the system throws an Error with `code` ("ENOENT") and `path`.

const {
  Error,
  ErrorCaptureStackTrace,
  ObjectFreeze: freeze,
  ReflectDefineProperty: defineProperty,
  SymbolIterator,
  TypeError,
} = native.primordials;

const encodingIsText = (encoding, caller) => {
  if (encoding === undefined || encoding === null) return false;
  if (encoding === "utf8" || encoding === "utf-8") return true;
  const error = new TypeError(`${caller}: encoding: expected "utf8" or nothing`);
  ErrorCaptureStackTrace(error, exports[caller]);
  throw error;
};

let exports;

native.register("makeSystemError", (message, code, path) => {
  const error = new Error(message);
  const descriptor = { __proto__: null, writable: true, configurable: true, enumerable: true };
  descriptor.value = code;
  defineProperty(error, "code", descriptor);
  descriptor.value = path;
  defineProperty(error, "path", descriptor);
  return error;
});

native.register("hostModule", (work) => {
  const stream = (fd) => {
    const object = {
      write(data) {
        work.write(fd, data);
      },
    };
    defineProperty(object, "isTTY", { __proto__: null, value: native.isTTY(fd), enumerable: true });
    defineProperty(object, "columns", {
      __proto__: null,
      get: () => (native.isTTY(fd) ? native.columns(fd) : undefined),
      enumerable: true,
    });
    return freeze(object);
  };

  // Lines without their ends, read as they are asked for.
  const lines = () => {
    const iterator = {
      next() {
        const value = work.readLine();
        return value === null ? { value: undefined, done: true } : { value, done: false };
      },
    };
    defineProperty(iterator, SymbolIterator, { __proto__: null, value: () => iterator });
    return iterator;
  };

  const stdin = {
    read: () => work.readInput(true),
    readBytes: () => work.readInput(false),
    readLine: () => work.readLine(),
    lines,
  };
  defineProperty(stdin, "isTTY", { __proto__: null, value: native.isTTY(0), enumerable: true });
  defineProperty(stdin, SymbolIterator, { __proto__: null, value: lines });

  exports = {
    args: freeze(work.args()),
    env: work.env(),
    cwd: () => work.cwd(),
    exit: (code = 0) => work.exit(typeof code === "number" ? code : 1),
    readFile: (path, encoding) => work.readFile(path, encodingIsText(encoding, "readFile")),
    writeFile: (path, data) => work.writeFile(path, data, false),
    appendFile: (path, data) => work.writeFile(path, data, true),
    inspect(value, options = undefined) {
      native.load("inspect.js");
      return native.inspect(value, options);
    },
    format(...args) {
      native.load("format.js");
      return native.formatArguments(args);
    },
    // Collects all garbage now: for tests.
    gc: () => work.gc(),
    // Whether a timer, by the number that setTimeout or setInterval gave, keeps the program alive.
    ref: (timer) => native.refTimer(timer, true),
    unref: (timer) => native.refTimer(timer, false),
    stdin: freeze(stdin),
    stdout: stream(1),
    stderr: stream(2),
  };
  return exports;
});
