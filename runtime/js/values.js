"use strict";
// The parts of the inspector that speak of one value without looking into it: primitives, names of
// classes, what stands before the braces, and the texts of functions, dates, regular expressions,
// boxed primitives and errors.
//
// A property is read from its descriptor only: accessors and proxies count as absent, so nothing
// here runs user code.

native.load("layout.js");

const {
  ArrayIsArray, ArrayPrototypeIndexOf, ArrayPrototypePush, BigIntPrototypeToString,
  BigIntPrototypeValueOf, BooleanPrototypeValueOf, DatePrototypeGetTime, DatePrototypeToISOString,
  FunctionPrototype, MapPrototypeGet, MapPrototypeSet, NumberPrototypeValueOf,
  ObjectPrototypeHasOwn, ReflectApply, ReflectGetPrototypeOf, RegExpPrototypeExec,
  RegExpPrototypeGetSource, StringPrototypeEndsWith, StringPrototypeIncludes,
  StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeValueOf,
  SymbolPrototypeToString, SymbolPrototypeValueOf, SymbolToStringTag,
  TypedArrayPrototypeGetToStringTag, descriptorOf, errorStackGetter, isData, isObject, list,
  regExpFlagGetters,
} = native.primordials;
const { constructorName, functionKind, kindOf } = native;
const { escapeLoose, indentLines, paint, quote, spaces, split } = native.layout;

const maxStringLength = 10000;

const style = (ctx, text, name) => (ctx.colors ? paint(text, name) : text);
const plural = (count, one) => `${count} more ${one}${count === 1 ? "" : "s"}`;

// The value of a descriptor: of an accessor only V8's own for `stack` is read.
const valueOf = (object, descriptor) => {
  if (descriptor === undefined) return undefined;
  if (isData(descriptor)) return descriptor.value;
  return descriptor.get !== undefined && descriptor.get === errorStackGetter
    ? ReflectApply(errorStackGetter, object, [])
    : undefined;
};

// The value of a data property, own or inherited; undefined for accessors and from a proxy on.
const dataOf = (object, key) => {
  for (let at = object; at !== null && kindOf(at) !== "proxy"; at = ReflectGetPrototypeOf(at)) {
    const descriptor = descriptorOf(at, key);
    if (descriptor !== undefined) return valueOf(object, descriptor);
  }
  return undefined;
};

const ownDataOf = (object, key) =>
  kindOf(object) === "proxy" ? undefined : valueOf(object, descriptorOf(object, key));

const functionName = (fn) => {
  const name = ownDataOf(fn, "name");
  return typeof name === "string" ? name : "";
};

// Whether `prototype` is on the prototype chain of `object`, as far as no proxy hides it.
const inherits = (object, prototype) => {
  for (let at = object; kindOf(at) !== "proxy";) {
    at = ReflectGetPrototypeOf(at);
    if (at === null) return false;
    if (at === prototype) return true;
  }
  return false;
};

// The name of the class that a value is an instance of; null when its prototype chain names none.
const nameOf = (object) => {
  for (let at = object; at !== null && kindOf(at) !== "proxy"; at = ReflectGetPrototypeOf(at)) {
    const constructor = ownDataOf(at, "constructor");
    if (typeof constructor === "function") {
      const name = functionName(constructor);
      const prototype = ownDataOf(constructor, "prototype");
      if (name !== "" && isObject(prototype) && inherits(object, prototype)) return name;
    }
  }
  return null;
};

// For a chain of nameless prototypes: the name that V8 knows, and what the object inherits from,
// which `showPrototype` shows.
const complexName = (ctx, object, first, depth, showPrototype) => {
  const known = constructorName(object);
  if (depth > ctx.depth) return `${known} <Complex prototype>`;
  if (kindOf(first) === "proxy") return `${known} <Proxy>`;
  const parent = nameOf(first);
  if (parent !== null) return `${known} <${parent}>`;
  const next = ReflectGetPrototypeOf(first);
  return next === null
    ? `${known} <${showPrototype(ctx, first)}>`
    : `${known} <${complexName(ctx, first, next, depth + 1, showPrototype)}>`;
};

const tagOf = (ctx, object) => {
  const tag = dataOf(object, SymbolToStringTag);
  if (typeof tag !== "string" || tag === "") return "";
  // An own enumerable tag is listed among the properties.
  const own = descriptorOf(object, SymbolToStringTag);
  return own !== undefined && (own.enumerable || ctx.showHidden) ? "" : tag;
};

// The class and the tag of an object. Those of objects with the same prototype are the same, unless
// the object itself says otherwise, and nothing changes them while the inspector works.
const identityOf = (ctx, object, kind, depth, showPrototype) => {
  const prototype = ReflectGetPrototypeOf(object);
  const isOwn =
    ObjectPrototypeHasOwn(object, "constructor") ||
    ObjectPrototypeHasOwn(object, SymbolToStringTag);
  const isCommon = prototype !== null && !isOwn && kind !== "typedarray" && kind !== "namespace";
  let identity = isCommon ? MapPrototypeGet(ctx.identities, prototype) : undefined;
  if (identity !== undefined) return identity;
  identity = { __proto__: null, name: nameOf(object), tag: "" };
  if (kind === "typedarray") identity.tag = TypedArrayPrototypeGetToStringTag(object);
  else identity.tag = tagOf(ctx, object);
  if (identity.name === null && prototype !== null) {
    identity.name = complexName(ctx, object, prototype, depth, showPrototype);
  } else if (isCommon) {
    MapPrototypeSet(ctx.identities, prototype, identity);
  }
  return identity;
};

// "Foo(2) [Map] ": what stands before the braces.
const prefixOf = (name, tag, fallback, size = "") => {
  if (name === null) {
    const lead = `[${fallback}${size}: null prototype] `;
    return tag !== "" && fallback !== tag ? `${lead}[${tag}] ` : lead;
  }
  return tag !== "" && name !== tag ? `${name}${size} [${tag}] ` : `${name}${size} `;
};
const unspaced = (prefix) => StringPrototypeSlice(prefix, 0, -1);

// Primitives.

const showNumber = (ctx, value) =>
  style(ctx, value === 0 && 1 / value < 0 ? "-0" : `${value}`, "number");

const showString = (ctx, value) => {
  let more = "";
  if (value.length > maxStringLength) {
    more = `... ${plural(value.length - maxStringLength, "character")}`;
    value = StringPrototypeSlice(value, 0, maxStringLength);
  }
  const isLong = value.length > 16 && value.length > ctx.columns - ctx.indent - 4;
  if (isLong && StringPrototypeIncludes(value, "\n")) {
    const lines = split(value, "\n", true);
    let text = "";
    for (let i = 0; i < lines.length; i++) {
      if (i > 0) text += ` +\n${spaces(ctx.indent + 2)}`;
      text += style(ctx, quote(lines[i]), "string");
    }
    return text + more;
  }
  return style(ctx, quote(value), "string") + more;
};

const symbolText = (symbol) => escapeLoose(SymbolPrototypeToString(symbol));

const showPrimitive = (ctx, value) => {
  switch (typeof value) {
    case "string": return showString(ctx, value);
    case "number": return showNumber(ctx, value);
    case "bigint": return style(ctx, `${BigIntPrototypeToString(value)}n`, "bigint");
    case "boolean": return style(ctx, value ? "true" : "false", "boolean");
    case "symbol": return style(ctx, symbolText(value), "symbol");
    case "undefined": return style(ctx, "undefined", "undefined");
    default: return style(ctx, "null", "null");
  }
};

// What stands before the braces, or alone when there are no properties to show.

const regExpText = (regexp) => {
  let flags = "";
  for (let i = 0; i < regExpFlagGetters.length; i++) {
    const entry = regExpFlagGetters[i];
    if (entry[1](regexp)) flags += entry[0];
  }
  return `/${RegExpPrototypeGetSource(regexp)}/${flags}`;
};

const dateText = (date) => {
  const time = DatePrototypeGetTime(date);
  return time === time ? DatePrototypeToISOString(date) : "Invalid Date";
};

const functionText = (fn, name, tag) => {
  const kind = functionKind(fn);
  const own = functionName(fn);
  if (kind === "class") {
    let text = `class ${own === "" ? "(anonymous)" : own}`;
    if (name !== "Function" && name !== null) text += ` [${name}]`;
    if (tag !== "" && name !== tag) text += ` [${tag}]`;
    if (name === null) return `[${text} extends [null prototype]]`;
    const parent = ReflectGetPrototypeOf(fn);
    const parentName = parent === null || parent === FunctionPrototype ? "" : functionName(parent);
    return parentName === "" ? `[${text}]` : `[${text} extends ${parentName}]`;
  }
  const type = kind === "async"
    ? "AsyncFunction"
    : kind === "generator"
    ? "GeneratorFunction"
    : kind === "async-generator"
    ? "AsyncGeneratorFunction"
    : "Function";
  let text = `[${type}`;
  if (name === null) text += " (null prototype)";
  text += own === "" ? " (anonymous)]" : `: ${own}]`;
  if (name !== type && name !== null) text += ` ${name}`;
  if (tag !== "" && name !== tag) text += ` [${tag}]`;
  return text;
};

const boxedText = (ctx, object, kind, name, tag) => {
  let value;
  let type;
  switch (kind) {
    case "number-object": value = NumberPrototypeValueOf(object); type = "Number"; break;
    case "boolean-object": value = BooleanPrototypeValueOf(object); type = "Boolean"; break;
    case "bigint-object": value = BigIntPrototypeValueOf(object); type = "BigInt"; break;
    case "symbol-object": value = SymbolPrototypeValueOf(object); type = "Symbol"; break;
    default: value = StringPrototypeValueOf(object); type = "String"; break;
  }
  let text = `[${type}`;
  if (name !== type) text += name === null ? " (null prototype)" : ` (${name})`;
  const plainly = { __proto__: null, ...ctx, colors: false, indent: 0, columns: 1 << 30 };
  text += `: ${showPrimitive(plainly, value)}]`;
  if (tag !== "" && tag !== name) text += ` [${tag}]`;
  return text;
};

// Errors.

const domExceptionPart = (error, key) =>
  native.domExceptionParts === undefined ? undefined : native.domExceptionParts(error)?.[key];

const errorPart = (error, key, fallback) => {
  const value = domExceptionPart(error, key) ?? dataOf(error, key);
  return typeof value === "string" ? value : fallback;
};

const headerName = /^([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|\n\s+at)/;
const bareName = /^([a-z_A-Z0-9-]*Error)$/;

// The stack's first line begins with the error's `name`; where its class is called otherwise, both
// are said.
const withClassName = (stack, errorName, className, tag) => {
  let length = errorName.length;
  if (
    className !== null &&
    !(StringPrototypeEndsWith(errorName, "Error") && StringPrototypeStartsWith(stack, errorName) &&
      (stack.length === length || stack[length] === ":" || stack[length] === "\n"))
  ) {
    if (className !== "DOMException" || !StringPrototypeStartsWith(stack, errorName)) return stack;
  }
  let fallback = "Error";
  if (className === null) {
    const match = RegExpPrototypeExec(headerName, stack) ?? RegExpPrototypeExec(bareName, stack);
    const found = match === null ? "" : match[1];
    length = found.length;
    if (found !== "") fallback = found;
  }
  const wanted = unspaced(prefixOf(className, tag, fallback));
  if (wanted === errorName) return stack;
  if (StringPrototypeIncludes(wanted, errorName)) {
    return length === 0 ? `${wanted}: ${stack}` : wanted + StringPrototypeSlice(stack, length);
  }
  return `${wanted} [${errorName}]${StringPrototypeSlice(stack, length)}`;
};

// The properties that the stack does not tell already, and the cause and the errors, which are not
// enumerable.
const errorKeys = (ctx, error, keys) => {
  const kept = list();
  const stack = dataOf(error, "stack");
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (!ctx.showHidden && (key === "name" || key === "message" || key === "stack")) {
      const value = key === "stack" ? stack : ownDataOf(error, key);
      const areTexts = typeof stack === "string" && typeof value === "string";
      if (areTexts && StringPrototypeIncludes(stack, value)) continue;
    }
    ArrayPrototypePush(kept, key);
  }
  if (descriptorOf(error, "cause") !== undefined && ArrayPrototypeIndexOf(kept, "cause") === -1) {
    ArrayPrototypePush(kept, "cause");
  }
  if (ArrayIsArray(ownDataOf(error, "errors")) && ArrayPrototypeIndexOf(kept, "errors") === -1) {
    ArrayPrototypePush(kept, "errors");
  }
  return kept;
};

const errorText = (ctx, error, className, tag) => {
  const name = errorPart(error, "name", "Error");
  const message = errorPart(error, "message", "");
  let stack = dataOf(error, "stack");
  if (typeof stack !== "string" || stack === "") {
    stack = message === "" ? name : name === "" ? message : `${name}: ${message}`;
  }
  stack = withClassName(stack, name, className, tag);
  const at = message === "" ? -1 : StringPrototypeIndexOf(stack, message);
  const frames = StringPrototypeIndexOf(stack, "\n    at", at === -1 ? 0 : at + message.length);
  if (frames === -1) {
    stack = `[${stack}]`;
  } else if (ctx.colors) {
    const dimmed = paint(StringPrototypeSlice(stack, frames), "dim");
    stack = StringPrototypeSlice(stack, 0, frames) + dimmed;
  }
  return indentLines(stack, spaces(ctx.indent));
};

native.values = {
  __proto__: null,
  boxedText, dataOf, dateText, errorKeys, errorPart, errorText, functionText, identityOf, inherits,
  ownDataOf, plural, prefixOf, regExpText, showNumber, showPrimitive, style, symbolText, tagOf,
  unspaced,
};
