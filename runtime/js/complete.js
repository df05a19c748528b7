"use strict";
// Completion for the REPL: `complete(line)` gives `[candidates, start]`, where each candidate may
// replace `line.slice(start)`.
//
// Names are looked up in descriptors only, so that pressing Tab runs no getter, no proxy and
// nothing else of the user's; it never throws.

const {
  ArrayPrototype, ArrayPrototypeIncludes, ArrayPrototypePush, ArrayPrototypeSort, Object,
  ObjectSetPrototypeOf, ReflectGetPrototypeOf, ReflectOwnKeys, RegExpPrototypeExec, Set,
  SetPrototypeAdd, SetPrototypeHas, StringPrototypeCharCodeAt, StringPrototypeSlice,
  StringPrototypeStartsWith, descriptorOf, isObject, list,
} = native.primordials;
const { evaluateSafely, globalLexicalNames, kindOf, previewProxy } = native;

const maxCandidates = 1000;
const globalObject = globalThis;
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const keywords = [
  "async", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default",
  "delete", "do", "else", "export", "extends", "false", "finally", "for", "function", "if",
  "import", "in", "instanceof", "let", "new", "null", "of", "return", "static", "super", "switch",
  "this",
  "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "with", "yield",
];

const isWordCode = (code) =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) ||
  code === 36 || code === 95 || code > 127;

// Where the word that ends at `end` begins.
const wordStart = (line, end) => {
  let start = end;
  while (start > 0 && isWordCode(StringPrototypeCharCodeAt(line, start - 1))) start--;
  return start;
};

const slash = 47;
const star = 42;
const backslash = 92;

// Whether the line ends inside a string or a comment.
const endsInText = (line) => {
  let quote = 0;
  for (let i = 0; i < line.length; i++) {
    const code = StringPrototypeCharCodeAt(line, i);
    const next = i + 1 < line.length ? StringPrototypeCharCodeAt(line, i + 1) : 0;
    if (quote === star) {
      if (code === star && next === slash) {
        quote = 0;
        i++;
      }
    } else if (quote !== 0) {
      if (code === backslash) i++;
      else if (code === quote) quote = 0;
    } else if (code === 34 || code === 39 || code === 96) {
      quote = code;
    } else if (code === slash && next === slash) {
      return true;
    } else if (code === slash && next === star) {
      quote = star;
      i++;
    }
  }
  return quote !== 0;
};

// An object without traps: proxies stand for their target. Undefined for null, undefined and
// revoked proxies.
const plainObject = (value) => {
  if (value === undefined || value === null) return undefined;
  let object = isObject(value) ? value : Object(value);
  while (kindOf(object) === "proxy") {
    object = previewProxy(object)[0];
    if (object === null) return undefined;
  }
  return object;
};

// The descriptor of a property, own or inherited.
const lookUp = (value, key) => {
  for (let at = plainObject(value); at !== undefined; at = plainObject(ReflectGetPrototypeOf(at))) {
    const descriptor = descriptorOf(at, key);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
};

// The value of the chain of names that ends before the dot at `end`; undefined when it is anything
// else.
const valueBefore = (line, end) => {
  let dot = end;
  if (dot > 0 && line[dot - 1] === "?") dot--;
  if (dot === 0) return undefined;
  const last = line[dot - 1];
  if (last === '"' || last === "'" || last === "`") return "";
  const start = wordStart(line, dot);
  const name = StringPrototypeSlice(line, start, dot);
  if (RegExpPrototypeExec(identifier, name) === null) return undefined;
  if (start > 0 && line[start - 1] === ".") {
    return lookUp(valueBefore(line, start - 1), name)?.value;
  }
  if (name === "this" || name === "globalThis") return globalObject;
  // A variable of the session hides a global; evaluating its name alone runs nothing.
  if (ArrayPrototypeIncludes(globalLexicalNames(), name)) return evaluateSafely(name)?.[0];
  return lookUp(globalObject, name)?.value;
};

const complete = (line) => {
  const candidates = list();
  const start = wordStart(line, line.length);
  const word = StringPrototypeSlice(line, start);
  const seen = new Set();
  const add = (names) => {
    const fresh = list();
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (typeof name !== "string" || !StringPrototypeStartsWith(name, word)) continue;
      if (SetPrototypeHas(seen, name) || RegExpPrototypeExec(identifier, name) === null) continue;
      SetPrototypeAdd(seen, name);
      ArrayPrototypePush(fresh, name);
    }
    ArrayPrototypeSort(fresh);
    for (let i = 0; i < fresh.length && candidates.length < maxCandidates; i++) {
      ArrayPrototypePush(candidates, fresh[i]);
    }
  };
  // The nearest object's own names first, then those that it inherits.
  const addAll = (value) => {
    let at = plainObject(value);
    while (at !== undefined) {
      add(ReflectOwnKeys(at));
      at = plainObject(ReflectGetPrototypeOf(at));
    }
  };

  if (!endsInText(line)) {
    try {
      if (start > 0 && line[start - 1] === ".") {
        addAll(valueBefore(line, start - 1));
      } else {
        add(globalLexicalNames());
        addAll(globalObject);
        if (word !== "") add(keywords);
      }
    } catch {
      // An object that does not let itself be looked at has no candidates.
    }
  }
  return [ObjectSetPrototypeOf(candidates, ArrayPrototype), start];
};

native.register("complete", complete);
