"use strict";
// Freezes what a context begins with, so that no program can leave anything there for the next one:
// every built-in that the global object or mere syntax leads to, and what the embedder's templates
// and snapshots have added. It runs once, when a frozen context is made, before any program; in a
// context that began with a snapshot, scripts have run before, so that `native` brings the few
// functions that are relied on. docs/isolation.md says what holds afterwards.
//
// A frozen prototype forbids an ordinary assignment like `object.toString = f` on what inherits
// from it. Where programs are likely to make one, the property becomes an accessor that answers
// with the value, and whose setter gives the property to the object itself. Some properties stay as
// they are: V8 has faster ways for arrays, promises, iteration and species as long as nobody has
// redefined them, in every context of the isolate.

const {
  global, first, answers, apply, freeze, preventExtensions, ownKeys, defineProperty, deleteProperty,
  getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf,
} = native;

const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
const describe = (object, key) => {
  const descriptor = getOwnPropertyDescriptor(object, key);
  if (descriptor !== undefined) setPrototypeOf(descriptor, null);
  return descriptor;
};
const valueOf = (object, key) => (isObject(object) ? describe(object, key)?.value : undefined);

// Everything that is to be frozen.
const reached = { __proto__: null };
let count = 0;
const reach = (value) => {
  if (isObject(value) && first(value)) reached[count++] = value;
};

// ---- What works on when its program has ended -----------------------------------------------------

// A callback of a registry, and what a promise of these is followed by, would run in the midst of
// other programs.
deleteProperty(global, "FinalizationRegistry");
const remove = (name, keys) => {
  const object = valueOf(global, name);
  if (!isObject(object)) return;
  for (let i = 0; i < keys.length; i++) deleteProperty(object, keys[i]);
};
remove("Atomics", ["waitAsync"]);
remove("WebAssembly", ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]);

// ---- Assignments to what inherits -----------------------------------------------------------------

const refuse = (key) => {
  throw new TypeError(`Cannot assign to read only property '${key}' of object`);
};

// As OrdinarySet goes on from an inherited property that is writable.
const assign = (holder, key, receiver, value) => {
  if (!isObject(receiver)) return;
  if (receiver === holder) refuse(key);
  const own = describe(receiver, key);
  let done;
  if (own === undefined) {
    done = defineProperty(receiver, key, {
      __proto__: null, value, writable: true, enumerable: true, configurable: true,
    });
  } else if (own.set !== undefined) {
    apply(own.set, receiver, [value]);
    done = true;
  } else {
    done = own.writable === true && defineProperty(receiver, key, { __proto__: null, value });
  }
  if (!done) refuse(key);
};

const cure = (object, key) => {
  const descriptor = describe(object, key);
  if (descriptor === undefined || !descriptor.writable || !descriptor.configurable) return;
  const { value } = descriptor;
  reach(value); // which the accessor hides
  const get = () => value;
  answers(get, value);
  defineProperty(object, key, {
    __proto__: null,
    get,
    set: {
      __proto__: null,
      set(next) {
        assign(object, key, this, next);
      },
    }.set,
    enumerable: descriptor.enumerable,
    configurable: true,
  });
};

// All of an object's properties but those that are named.
const cureAll = (object, but) => {
  if (!isObject(object)) return;
  const keys = ownKeys(object);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (typeof key === "string" && !(key in but)) cure(object, key);
  }
};
const none = { __proto__: null };
const species = { __proto__: null, constructor: true };

const prototypeOf = (name) => valueOf(valueOf(global, name), "prototype");

const whole = [
  "Object", "Function", "Date", "Error", "AggregateError", "EvalError", "RangeError", "ReferenceError",
  "SyntaxError", "TypeError", "URIError",
];
for (let i = 0; i < whole.length; i++) cureAll(prototypeOf(whole[i]), none);
cureAll(prototypeOf("Array"), species);
cureAll(prototypeOf("Promise"), { __proto__: null, constructor: true, then: true });

const names = ["toString", "toLocaleString", "valueOf", "constructor", "toJSON"];
// The constructors of these are what species are looked up by.
const looksUpSpecies = (() => {
  const array = prototypeOf("Array"), promise = prototypeOf("Promise"), regexp = prototypeOf("RegExp");
  const buffer = prototypeOf("ArrayBuffer"), typedArray = getPrototypeOf(prototypeOf("Uint8Array"));
  return (object) => object === array || object === promise || object === regexp || object === buffer ||
    getPrototypeOf(object) === typedArray;
})();
const globals = ownKeys(global);
for (let i = 0; i < globals.length; i++) {
  const prototype = valueOf(valueOf(global, globals[i]), "prototype");
  if (!isObject(prototype)) continue;
  for (let j = 0; j < names.length; j++) {
    if (names[j] !== "constructor" || !looksUpSpecies(prototype)) cure(prototype, names[j]);
  }
}

// ---- Freezing ---------------------------------------------------------------------------------------

reach(global);
// What only syntax and calls lead to.
reach(function* () {});
reach(async function () {});
reach(async function* () {});
reach(() => {});
const argumentsOf = { __proto__: null, of() { return arguments; } }.of;
reach(argumentsOf());
reach([].values());
reach("".matchAll(/(?:)/g));
reach(""[Symbol.iterator]());
reach(new Map().entries());
reach(new Set().values());
const Segmenter = valueOf(valueOf(global, "Intl"), "Segmenter");
if (Segmenter !== undefined) {
  const segments = new Segmenter("en").segment("");
  reach(segments);
  reach(segments[Symbol.iterator]());
}

for (let i = 0; i < count; i++) {
  const object = reached[i];
  reach(getPrototypeOf(object));
  const keys = ownKeys(object);
  for (let j = 0; j < keys.length; j++) {
    const descriptor = describe(object, keys[j]);
    reach(descriptor.value);
    reach(descriptor.get);
    reach(descriptor.set);
  }
}
for (let i = 0; i < count; i++) {
  if (reached[i] === global) continue;
  try {
    freeze(reached[i]);
  } catch {
    // The elements of a typed array cannot be frozen.
    preventExtensions(reached[i]);
  }
}

// The global object stays open for programs' own properties; what it begins with is for good.
for (let i = 0; i < globals.length; i++) {
  const descriptor = describe(global, globals[i]);
  if (!descriptor.configurable && !descriptor.writable) continue;
  defineProperty(global, globals[i], {
    __proto__: null,
    configurable: false,
    ...("value" in descriptor ? { writable: false } : none),
  });
}
