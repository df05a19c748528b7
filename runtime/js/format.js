"use strict";
// Text of whole messages: what console.log makes of its arguments, with the format specifiers of
// the Console Standard, and what is printed for an error that nobody caught.
//
// Only a specifier that asks for a conversion (%s of an object with a toString of its own, %d, %i,
// %f, %j) runs user code, and what that throws is shown instead of its result. Nothing here throws.

native.load("inspect.js");

const {
  JSONStringify, Number, NumberParseFloat, NumberParseInt, String, StringPrototypeCharCodeAt,
  StringPrototypeEndsWith, StringPrototypeIncludes, StringPrototypeIndexOf, StringPrototypeRepeat,
  StringPrototypeSlice, StringPrototypeStartsWith, FunctionPrototypeToString,
  BigIntPrototypeToString, MathMax, MathMin, SymbolPrototypeToString, isObject,
} = native.primordials;
const { functionKind, inspect, kindOf } = native;
const { paint } = native.layout;
const { dataOf, ownDataOf } = native.values;

const wantsColors = (options) => isObject(options) && ownDataOf(options, "colors") === true;

const numberText = (value) => (value === 0 && 1 / value < 0 ? "-0" : `${value}`);

const asString = (value) => {
  switch (typeof value) {
    case "string": return value;
    case "number": return numberText(value);
    case "bigint": return `${BigIntPrototypeToString(value)}n`;
    case "symbol": return SymbolPrototypeToString(value);
    case "function":
      return kindOf(value) === "proxy" ? inspect(value) : FunctionPrototypeToString(value);
    case "object": break;
    default: return `${value}`;
  }
  if (value === null) return "null";
  if (kindOf(value) !== "proxy") {
    const toString = dataOf(value, "toString");
    if (typeof toString === "function" && functionKind(toString) !== "native") {
      try {
        return String(value);
      } catch {
        // Shown by its properties.
      }
    }
  }
  return inspect(value, { __proto__: null, depth: 0 });
};

const asNumber = (value, convert) => {
  if (typeof value === "bigint") return `${BigIntPrototypeToString(value)}n`;
  if (typeof value === "symbol") return "NaN";
  try {
    return numberText(convert(value));
  } catch {
    return "NaN";
  }
};

const asFloat = (value) =>
  asNumber(typeof value === "bigint" ? BigIntPrototypeToString(value) : value, NumberParseFloat);

const asJson = (value) => {
  try {
    return `${JSONStringify(value)}`;
  } catch (error) {
    const message = isObject(error) ? dataOf(error, "message") : undefined;
    return typeof message === "string" && StringPrototypeIncludes(message, "circular structure")
      ? "[Circular]"
      : "[value without JSON]";
  }
};

const formatOne = (specifier, value, colors) => {
  switch (specifier) {
    case 115: return asString(value); // s
    case 100: return asNumber(value, Number); // d
    case 105: return asNumber(value, NumberParseInt); // i
    case 102: return asFloat(value); // f
    case 106: return asJson(value); // j
    case 79: return inspect(value, { __proto__: null, colors }); // O
    case 111: return inspect(value, { __proto__: null, colors, showHidden: true, depth: 4 }); // o
    case 99: return ""; // c
    default: return undefined;
  }
};

const formatArguments = (args, options) => {
  const colors = wantsColors(options);
  if (args.length === 0) return "";
  let text = "";
  let next = 0;
  if (typeof args[0] === "string") {
    const format = args[0];
    next = 1;
    if (args.length === 1) return format;
    let from = 0;
    let at = StringPrototypeIndexOf(format, "%");
    while (at !== -1 && at + 1 < format.length) {
      const specifier = StringPrototypeCharCodeAt(format, at + 1);
      let replacement;
      if (specifier === 37) {
        replacement = "%";
      } else if (next < args.length) {
        replacement = formatOne(specifier, args[next], colors);
        if (replacement !== undefined) next++;
      }
      if (replacement !== undefined) {
        text += StringPrototypeSlice(format, from, at) + replacement;
        from = at + 2;
        at = StringPrototypeIndexOf(format, "%", from);
      } else {
        at = StringPrototypeIndexOf(format, "%", at + 1);
      }
    }
    text += StringPrototypeSlice(format, from);
  }
  for (; next < args.length; next++) {
    const value = args[next];
    if (next > 0) text += " ";
    text += typeof value === "string" ? value : inspect(value, { __proto__: null, colors });
  }
  return text;
};

// The source line with a caret under what failed; of a very long line the part around it.
const maxSourceWidth = 120;
const excerpt = (line, column, endColumn, colors) => {
  const middle = MathMin(column - 1 - maxSourceWidth / 2, line.length - maxSourceWidth);
  const start = MathMax(0, middle);
  const shown = StringPrototypeSlice(line, start, start + maxSourceWidth);
  const from = MathMin(MathMax(column - 1 - start, 0), shown.length);
  const to = MathMin(MathMax(endColumn - 1 - start, from + 1), shown.length + 1);
  let pad = "";
  for (let i = 0; i < from; i++) pad += StringPrototypeCharCodeAt(shown, i) === 9 ? "\t" : " ";
  const carets = StringPrototypeRepeat("^", MathMax(to - from, 1));
  return `${shown}\n${pad}${colors ? paint(carets, "error") : carets}`;
};

const locationText = (location, colors) => {
  const file = location[0];
  const line = location[1];
  const column = location[2];
  const where = `${file}:${line}:${column}`;
  const place = colors ? paint(where, "dim") : where;
  const source = location[4];
  if (typeof source !== "string" || source === "") return `${place}\n`;
  return `${place}\n${excerpt(source, column, location[3], colors)}\n\n`;
};

const formatError = (error, location, options) => {
  try {
    const colors = wantsColors(options);
    const where = location === undefined || location === null ? "" : locationText(location, colors);
    let what = inspect(error, { __proto__: null, colors, depth: 5 });
    if (kindOf(error) !== "error") {
      what = `Uncaught ${what}`;
    } else if (StringPrototypeStartsWith(what, "[") && StringPrototypeEndsWith(what, "]")) {
      // An error without stack frames, such as a SyntaxError, is not put in brackets here.
      what = StringPrototypeSlice(what, 1, -1);
    }
    return where + what;
  } catch {
    return "Uncaught error that cannot be shown";
  }
};

native.formatArguments = formatArguments;
native.register("formatArguments", formatArguments);
native.register("formatError", formatError);
