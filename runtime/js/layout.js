"use strict";
// Text and layout for the inspector and the console: quoting, colours, widths, and the decision
// whether the items of an object go on one line, in columns or one below the other. It knows
// nothing of objects: it is given finished strings.

const {
  ArrayPrototypeJoin, ArrayPrototypePush, MathFloor, MathMax, MathMin, MathRound, MathSqrt,
  NumberPrototypeToString, RegExpPrototypeExec, StringPrototypeCharCodeAt,
  StringPrototypeCodePointAt, StringPrototypeIncludes, StringPrototypeIndexOf,
  StringPrototypePadEnd, StringPrototypePadStart, StringPrototypeRepeat, StringPrototypeSlice,
  StringPrototypeToUpperCase, list,
} = native.primordials;

const escape = "\u001b[";

// SGR codes: on, off.
const styles = {
  __proto__: null,
  number: ["33", "39"],
  bigint: ["33", "39"],
  boolean: ["33", "39"],
  string: ["32", "39"],
  symbol: ["32", "39"],
  undefined: ["90", "39"],
  null: ["1", "22"],
  special: ["36", "39"],
  date: ["35", "39"],
  regexp: ["31", "39"],
  module: ["4", "24"],
  dim: ["2", "22"],
  error: ["31", "39"],
};

const paint = (text, style) => {
  const codes = styles[style];
  return codes === undefined ? text : `${escape}${codes[0]}m${text}${escape}${codes[1]}m`;
};

// Takes SGR sequences away.
const plain = (text) => {
  let at = StringPrototypeIndexOf(text, escape);
  if (at === -1) return text;
  let out = "";
  let from = 0;
  while (at !== -1) {
    out += StringPrototypeSlice(text, from, at);
    const end = StringPrototypeIndexOf(text, "m", at);
    if (end === -1) return out + StringPrototypeSlice(text, at);
    from = end + 1;
    at = StringPrototypeIndexOf(text, escape, from);
  }
  return out + StringPrototypeSlice(text, from);
};

const spaces = (count) => StringPrototypeRepeat(" ", count);

// Splits at a separator, which stays at the end of each piece when `keep` is true.
const split = (text, separator, keep) => {
  const pieces = list();
  let from = 0;
  for (;;) {
    const at = StringPrototypeIndexOf(text, separator, from);
    if (at === -1) break;
    ArrayPrototypePush(pieces, StringPrototypeSlice(text, from, keep ? at + separator.length : at));
    from = at + separator.length;
  }
  if (!keep || from < text.length) ArrayPrototypePush(pieces, StringPrototypeSlice(text, from));
  return pieces;
};

const indentLines = (text, indent) =>
  indent !== "" && StringPrototypeIncludes(text, "\n")
    ? ArrayPrototypeJoin(split(text, "\n", false), `\n${indent}`)
    : text;

// Strings: single quotes unless the text holds one and the others would need no escape.

const suspicious = /[\0-\x1f'\\\x7f-\x9f\ud800-\udfff]/;
const short = { __proto__: null, 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 92: "\\\\" };

const hex = (code) =>
  StringPrototypePadStart(StringPrototypeToUpperCase(NumberPrototypeToString(code, 16)), 2, "0");

const escapeUnit = (code, quote) => {
  if (code === quote) return quote === 39 ? "\\'" : undefined;
  const isPlain = code >= 32 && code !== 92 && (code < 127 || code > 159);
  return isPlain ? undefined : short[code] ?? `\\x${hex(code)}`;
};

const escapeText = (text, quote) => {
  let out = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = StringPrototypeCharCodeAt(text, i);
    let replacement;
    if (code >= 0xd800 && code <= 0xdfff) {
      if (code < 0xdc00 && i + 1 < text.length) {
        const next = StringPrototypeCharCodeAt(text, i + 1);
        if (next >= 0xdc00 && next <= 0xdfff) {
          i++;
          continue;
        }
      }
      replacement = `\\u${NumberPrototypeToString(code, 16)}`;
    } else {
      replacement = escapeUnit(code, quote);
      if (replacement === undefined) continue;
    }
    out += StringPrototypeSlice(text, from, i) + replacement;
    from = i + 1;
  }
  return out + StringPrototypeSlice(text, from);
};

const quote = (text) => {
  if (RegExpPrototypeExec(suspicious, text) === null) return `'${text}'`;
  let mark = "'";
  if (StringPrototypeIncludes(text, "'")) {
    if (!StringPrototypeIncludes(text, '"')) mark = '"';
    else if (!StringPrototypeIncludes(text, "`") && !StringPrototypeIncludes(text, "${")) {
      mark = "`";
    }
  }
  return mark + escapeText(text, mark === "'" ? 39 : -1) + mark;
};

// Escapes what would break a line or a terminal, without quotes: symbol descriptions and keys in
// brackets.
const escapeLoose = (text) =>
  RegExpPrototypeExec(suspicious, text) === null ? text : escapeText(text, -1);

// The expressions here match what is out of the ordinary: a match costs an allocation, none costs
// nothing.
const noIdentifier = /^[0-9]|[^a-zA-Z_0-9]|^$/;
const isIdentifier = (text) => RegExpPrototypeExec(noIdentifier, text) === null;

// Columns that a text takes on a terminal: East Asian wide characters and emoji count two,
// combining marks none.

const noAscii = /[^\x20-\x7e]/;
const isWide = (point) =>
  point >= 0x1100 &&
  (point <= 0x115f || point === 0x2329 || point === 0x232a ||
    (point >= 0x2e80 && point <= 0x3247 && point !== 0x303f) ||
    (point >= 0x3250 && point <= 0x4dbf) || (point >= 0x4e00 && point <= 0xa4c6) ||
    (point >= 0xa960 && point <= 0xa97c) || (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) || (point >= 0xfe10 && point <= 0xfe19) ||
    (point >= 0xfe30 && point <= 0xfe6b) || (point >= 0xff01 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) || (point >= 0x1b000 && point <= 0x1b001) ||
    (point >= 0x1f200 && point <= 0x1f251) || (point >= 0x1f300 && point <= 0x1f64f) ||
    (point >= 0x1f900 && point <= 0x1f9ff) || (point >= 0x20000 && point <= 0x3fffd));
const isZeroWidth = (point) =>
  point <= 0x1f || (point >= 0x7f && point <= 0x9f) || (point >= 0x300 && point <= 0x36f) ||
  (point >= 0x200b && point <= 0x200f) || (point >= 0x20d0 && point <= 0x20ff) ||
  (point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xfe20 && point <= 0xfe2f) ||
  (point >= 0xe0100 && point <= 0xe01ef);

const widthOf = (text) => {
  if (RegExpPrototypeExec(noAscii, text) === null) return text.length;
  const bare = plain(text);
  let width = 0;
  for (let i = 0; i < bare.length; i++) {
    const point = StringPrototypeCodePointAt(bare, i);
    if (point > 0xffff) i++;
    if (isWide(point)) width += 2;
    else if (!isZeroWidth(point)) width++;
  }
  return width;
};

// Arranges the short items of a long array in columns; gives the same list back when they are
// better left alone. `hasMore` says that the last item is "... n more items"; `alignRight` is for
// numbers.
const intoColumns = (items, hasMore, alignRight, indent, lineWidth) => {
  const count = hasMore ? items.length - 1 : items.length;
  const gap = 2;
  const widths = list();
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const width = widthOf(items[i]);
    widths[i] = width;
    total += width + gap;
    if (width > longest) longest = width;
  }
  const cell = longest + gap;
  if (cell * 3 + indent >= lineWidth || (total / cell <= 5 && longest > 6)) return items;

  // A block about 2.5 times as wide as it is high; one outlier among short items makes the cells
  // count as narrower.
  const bias = MathSqrt(cell - total / items.length);
  const biased = MathMax(cell - 3 - bias, 1);
  const columns = MathMin(
    MathRound(MathSqrt(2.5 * biased * count) / biased),
    MathFloor((lineWidth - indent) / cell),
    12,
  );
  if (columns <= 1) return items;

  const columnWidths = list();
  for (let column = 0; column < columns; column++) {
    let width = 0;
    for (let i = column; i < count; i += columns) {
      if (widths[i] > width) width = widths[i];
    }
    columnWidths[column] = width;
  }

  const rows = list();
  for (let start = 0; start < count; start += columns) {
    const end = MathMin(start + columns, count);
    let row = "";
    for (let i = start; i < end; i++) {
      const isLast = i === end - 1;
      const invisible = items[i].length - widths[i];
      const text = isLast ? items[i] : `${items[i]}, `;
      const width = columnWidths[i - start] + invisible + (isLast ? 0 : gap);
      if (alignRight) row += StringPrototypePadStart(text, width, " ");
      else row += isLast ? text : StringPrototypePadEnd(text, width, " ");
    }
    ArrayPrototypePush(rows, row);
  }
  if (hasMore) ArrayPrototypePush(rows, items[count]);
  return rows;
};

// Whether items and what surrounds them fit on one line.
const fits = (items, start, prefix, lineWidth, colored) => {
  let total = items.length + start;
  if (total + items.length > lineWidth) return false;
  for (let i = 0; i < items.length; i++) {
    total += colored ? plain(items[i]).length : items[i].length;
    if (total > lineWidth) return false;
  }
  return prefix === "" || !StringPrototypeIncludes(prefix, "\n");
};

// Puts a prefix, braces and items together. `inline` allows one line; `colored` says that there may
// be colours.
const assemble = (prefix, open, items, close, inline, indent, lineWidth, colored) => {
  const lead = prefix === "" ? "" : `${prefix} `;
  if (inline) {
    const start = items.length + indent + open.length + prefix.length + 10;
    if (fits(items, start, prefix, lineWidth, colored)) {
      const joined = ArrayPrototypeJoin(items, ", ");
      if (!StringPrototypeIncludes(joined, "\n")) return `${lead}${open} ${joined} ${close}`;
    }
  }
  const newline = `\n${spaces(indent)}`;
  const lines = ArrayPrototypeJoin(items, `,${newline}  `);
  return `${lead}${open}${newline}  ${lines}${newline}${close}`;
};

native.layout = {
  __proto__: null,
  assemble, escapeLoose, indentLines, intoColumns, isIdentifier, paint, plain, quote, spaces, split,
  widthOf,
};
