"use strict";
// The global functions of the web platform that every script may use: timers, queueMicrotask and
// structuredClone; and what the lazy files of classes share. It runs before every script, so it
// only defines. A context without timers has no `setTimer`.
//
// Timer ids are numbers, as on the web. The functions are methods of a literal so that they are no
// constructors.

const {
  ArrayIsArray, ArrayPrototypeIncludes, ArrayPrototypePush, ObjectSetPrototypeOf, ReflectApply,
  ReflectDefineProperty, SymbolToStringTag, TypeError, Uint8Array, descriptorOf, isObject, list,
} = native.primordials;
const { clearTimer, defineGlobal, enqueueMicrotask, kindOf, setTimer } = native;
const once = 0;
const repeating = 1;
const immediate = 2;
const globalObject = globalThis;

// What came, for messages: without converting it.
const nameOf = (value) => {
  if (value === null || value === undefined) return `${value}`;
  const type = typeof value;
  return type === "object" ? "an object" : type === "undefined" ? type : `a ${type}`;
};

const requireFunction = (where, count, callback) => {
  if (count === 0) throw new TypeError(`${where}: 1 argument required, but only 0 present`);
  if (typeof callback !== "function") {
    throw new TypeError(`${where}: expected a function, got ${nameOf(callback)}`);
  }
};

// As WebIDL converts to `long`; below zero is now.
const delayOf = (delay) => {
  const ms = delay | 0;
  return ms > 0 ? ms : 0;
};

const startTimer = (kind, ms, callback, args) =>
  setTimer(kind, ms, () => {
    ReflectApply(callback, globalObject, args);
  });

const stopTimer = (id) => {
  if (id !== undefined) clearTimer(typeof id === "number" ? id : id | 0);
};

const functions = {
  __proto__: null,
  setTimeout(callback, delay = 0, ...args) {
    requireFunction("setTimeout", arguments.length, callback);
    return startTimer(once, delayOf(delay), callback, args);
  },
  setInterval(callback, delay = 0, ...args) {
    requireFunction("setInterval", arguments.length, callback);
    const ms = delayOf(delay);
    return startTimer(repeating, ms > 0 ? ms : 1, callback, args);
  },
  setImmediate(callback, ...args) {
    requireFunction("setImmediate", arguments.length, callback);
    return startTimer(immediate, 0, callback, args);
  },
  clearTimeout(id = undefined) {
    stopTimer(id);
  },
  clearInterval(id = undefined) {
    stopTimer(id);
  },
  clearImmediate(id = undefined) {
    stopTimer(id);
  },
  queueMicrotask(callback) {
    requireFunction("queueMicrotask", arguments.length, callback);
    enqueueMicrotask(callback);
  },
  structuredClone(value, options = undefined) {
    if (arguments.length === 0) {
      throw new TypeError("structuredClone: 1 argument required, but only 0 present");
    }
    return native.structuredClone(value, transferListOf(options));
  },
};

const isDetached = (buffer) => {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
};

const transferListOf = (options) => {
  const buffers = list();
  if (options === undefined || options === null) return buffers;
  if (!isObject(options)) {
    throw new TypeError(`structuredClone: options: expected an object, got ${nameOf(options)}`);
  }
  const wanted = options.transfer;
  if (wanted === undefined) return buffers;
  if (!isObject(wanted)) {
    throw new TypeError(`structuredClone: transfer: expected an array, got ${nameOf(wanted)}`);
  }
  const transfer = list();
  if (ArrayIsArray(wanted)) {
    for (let i = 0; i < wanted.length; i++) ArrayPrototypePush(transfer, wanted[i]);
  } else {
    // WebIDL takes any iterable: its own iterator is user code on purpose.
    for (const item of wanted) ArrayPrototypePush(transfer, item);
  }
  for (let i = 0; i < transfer.length; i++) {
    const item = transfer[i];
    if (!isObject(item)) {
      const got = nameOf(item);
      throw new TypeError(`structuredClone: transfer[${i}]: expected an object, got ${got}`);
    }
    if (kindOf(item) !== "arraybuffer") {
      throw native.dataCloneError(`structuredClone: transfer[${i}] is not an ArrayBuffer`);
    }
    if (isDetached(item)) {
      throw native.dataCloneError(`structuredClone: transfer[${i}] is detached`);
    }
    if (ArrayPrototypeIncludes(buffers, item)) {
      throw native.dataCloneError(`structuredClone: transfer[${i}] is listed twice`);
    }
    ArrayPrototypePush(buffers, item);
  }
  return buffers;
};

native.dataCloneError = (message) => {
  native.load("dom-exception.js");
  return native.makeDataCloneError(message);
};

// Gives a class the property attributes of WebIDL: members of the prototype are enumerable, the tag
// is not.
native.asInterface = (constructor, tag, members) => {
  const { prototype } = constructor;
  for (let i = 0; i < members.length; i++) {
    const descriptor = ObjectSetPrototypeOf(descriptorOf(prototype, members[i]), null);
    descriptor.enumerable = true;
    ReflectDefineProperty(prototype, members[i], descriptor);
  }
  ReflectDefineProperty(prototype, SymbolToStringTag, {
    __proto__: null,
    value: tag,
    configurable: true,
  });
};
native.nameOf = nameOf;

if (setTimer !== undefined) {
  defineGlobal("setTimeout", functions.setTimeout, true);
  defineGlobal("setInterval", functions.setInterval, true);
  defineGlobal("setImmediate", functions.setImmediate, true);
  defineGlobal("clearTimeout", functions.clearTimeout, true);
  defineGlobal("clearInterval", functions.clearInterval, true);
  defineGlobal("clearImmediate", functions.clearImmediate, true);
}
defineGlobal("queueMicrotask", functions.queueMicrotask, true);
defineGlobal("structuredClone", functions.structuredClone, true);
