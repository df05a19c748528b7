"use strict";
// TextEncoder and TextDecoder, by the Encoding Standard, for UTF-8, UTF-16 and windows-1252 under
// all their labels.

const {
  DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset,
  RangeError, RegExpPrototypeExec, StringPrototypeCharCodeAt, StringPrototypeSlice,
  StringPrototypeToLowerCase, TypeError, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeGetToStringTag, TypedArrayPrototypeSet, Uint8Array, isObject,
} = native.primordials;
const {
  asInterface, decodeLatin1, decodeUtf16le, decodeUtf8, defineGlobal, encodeUtf8, encodeUtf8Into,
  kindOf, nameOf, utf8Tail,
} = native;

const utf8 = "utf-8";
const utf16le = "utf-16le";
const utf16be = "utf-16be";
const windows1252 = "windows-1252";

const labels = {
  __proto__: null,
  "unicode-1-1-utf-8": utf8, unicode11utf8: utf8, unicode20utf8: utf8, "utf-8": utf8, utf8,
  "x-unicode20utf8": utf8,
  csunicode: utf16le, "iso-10646-ucs-2": utf16le, "ucs-2": utf16le, unicode: utf16le,
  unicodefeff: utf16le, "utf-16": utf16le, "utf-16le": utf16le,
  unicodefffe: utf16be, "utf-16be": utf16be,
  "ansi_x3.4-1968": windows1252, ascii: windows1252, cp1252: windows1252, cp819: windows1252,
  csisolatin1: windows1252, ibm819: windows1252, "iso-8859-1": windows1252,
  "iso-ir-100": windows1252,
  "iso8859-1": windows1252, iso88591: windows1252, "iso_8859-1": windows1252,
  "iso_8859-1:1987": windows1252, l1: windows1252, latin1: windows1252, "us-ascii": windows1252,
  "windows-1252": windows1252, "x-cp1252": windows1252,
};

// Where windows-1252 differs from Latin-1: 0x80 to 0x9f.
const windowsUpper =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
  "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";
const controls = /[\x80-\x9f]/;
const surrogates = /[\ud800-\udfff]/;

const isSpace = (code) => code === 32 || code === 9 || code === 10 || code === 12 || code === 13;

const encodingOf = (label) => {
  let from = 0;
  let to = label.length;
  while (from < to && isSpace(StringPrototypeCharCodeAt(label, from))) from++;
  while (to > from && isSpace(StringPrototypeCharCodeAt(label, to - 1))) to--;
  const encoding = labels[StringPrototypeToLowerCase(StringPrototypeSlice(label, from, to))];
  if (encoding === undefined) {
    throw new RangeError(`TextDecoder: the encoding "${label}" is not supported`);
  }
  return encoding;
};

// The bytes of any BufferSource; those of a detached buffer are none.
const bytesOf = (source) => {
  const kind = kindOf(source);
  const isView = kind === "typedarray" || kind === "dataview";
  if (!isView && kind !== "arraybuffer" && kind !== "sharedarraybuffer") {
    const got = nameOf(source);
    throw new TypeError(`TextDecoder.decode: expected an ArrayBuffer or a view of one, got ${got}`);
  }
  try {
    if (kind === "typedarray") {
      return new Uint8Array(
        TypedArrayPrototypeGetBuffer(source),
        TypedArrayPrototypeGetByteOffset(source),
        TypedArrayPrototypeGetByteLength(source),
      );
    }
    if (kind === "dataview") {
      return new Uint8Array(
        DataViewPrototypeGetBuffer(source),
        DataViewPrototypeGetByteOffset(source),
        DataViewPrototypeGetByteLength(source),
      );
    }
    return new Uint8Array(source);
  } catch {
    return new Uint8Array(0);
  }
};

const lengthOf = TypedArrayPrototypeGetByteLength;

const joined = (first, second) => {
  const both = new Uint8Array(lengthOf(first) + lengthOf(second));
  TypedArrayPrototypeSet(both, first, 0);
  TypedArrayPrototypeSet(both, second, lengthOf(first));
  return both;
};

const part = (bytes, from, to) =>
  new Uint8Array(
    TypedArrayPrototypeGetBuffer(bytes),
    TypedArrayPrototypeGetByteOffset(bytes) + from,
    to - from,
  );

const swapped = (bytes) => {
  const length = lengthOf(bytes) & ~1;
  const copy = new Uint8Array(length);
  for (let i = 0; i < length; i += 2) {
    copy[i] = bytes[i + 1];
    copy[i + 1] = bytes[i];
  }
  return copy;
};

// Replaces each code unit that `replace` answers for.
const mapped = (text, replace) => {
  let out = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const replacement = replace(StringPrototypeCharCodeAt(text, i), i);
    if (replacement === undefined) continue;
    out += StringPrototypeSlice(text, from, i) + replacement;
    from = i + 1;
  }
  return out + StringPrototypeSlice(text, from);
};

const decodeWindows1252 = (bytes) => {
  const text = decodeLatin1(bytes);
  if (RegExpPrototypeExec(controls, text) === null) return text;
  return mapped(text, (code) =>
    code >= 0x80 && code <= 0x9f ? windowsUpper[code - 0x80] : undefined);
};

const isHigh = (code) => code >= 0xd800 && code <= 0xdbff;
const isLow = (code) => code >= 0xdc00 && code <= 0xdfff;

// Text with U+FFFD for each surrogate that has no other half; undefined when there is one and
// `fatal`.
const wellFormed = (text, fatal) => {
  if (RegExpPrototypeExec(surrogates, text) === null) return text;
  let lone = false;
  const unit = (i) => StringPrototypeCharCodeAt(text, i); // NaN outside, which is neither half
  const result = mapped(text, (code, i) => {
    if (!isHigh(code) && !isLow(code)) return undefined;
    if (isHigh(code) ? isLow(unit(i + 1)) : isHigh(unit(i - 1))) return undefined;
    lone = true;
    return "\ufffd";
  });
  return lone && fatal ? undefined : result;
};

// How many bytes at the end wait for more: half a unit, or a high surrogate without its low one.
const utf16Tail = (bytes, bigEndian) => {
  const length = lengthOf(bytes);
  const odd = length & 1;
  const whole = length - odd;
  if (whole >= 2) {
    const upper = bytes[bigEndian ? whole - 2 : whole - 1];
    if (upper >= 0xd8 && upper <= 0xdb) return odd + 2;
  }
  return odd;
};

const decodeUtf16 = (bytes, bigEndian, fatal, keepBom) => {
  const odd = lengthOf(bytes) & 1;
  if (odd !== 0 && fatal) return undefined;
  const units = bigEndian ? swapped(bytes) : odd ? part(bytes, 0, lengthOf(bytes) - 1) : bytes;
  let text = decodeUtf16le(units, true);
  if (!keepBom && text.length > 0 && StringPrototypeCharCodeAt(text, 0) === 0xfeff) {
    text = StringPrototypeSlice(text, 1);
  }
  const result = wellFormed(text, fatal);
  if (result === undefined || odd === 0) return result;
  // Half a unit after half a pair is one error, not two.
  const halfPair = text.length > 0 && isHigh(StringPrototypeCharCodeAt(text, text.length - 1));
  return halfPair ? result : `${result}\ufffd`;
};

const optionsOf = (where, options) => {
  if (options === undefined || options === null) return { __proto__: null };
  if (!isObject(options)) {
    throw new TypeError(`${where}: options: expected an object, got ${nameOf(options)}`);
  }
  return options;
};

class TextEncoder {
  #isEncoder = true;

  constructor() {}

  get encoding() {
    this.#isEncoder;
    return utf8;
  }

  encode(input = "") {
    this.#isEncoder;
    return encodeUtf8(`${input}`);
  }

  encodeInto(source, destination) {
    this.#isEncoder;
    const { length } = arguments;
    if (length < 2) {
      throw new TypeError(
        `TextEncoder.encodeInto: 2 arguments required, but only ${length} present`,
      );
    }
    const text = `${source}`;
    // The getter of %TypedArray% gives undefined for everything that is no typed array.
    if (TypedArrayPrototypeGetToStringTag(destination) !== "Uint8Array") {
      throw new TypeError(
        `TextEncoder.encodeInto: destination: expected a Uint8Array, got ${nameOf(destination)}`,
      );
    }
    const counts = encodeUtf8Into(text, destination);
    return { read: counts[0], written: counts[1] };
  }
}
asInterface(TextEncoder, "TextEncoder", ["encoding", "encode", "encodeInto"]);

class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  #pending = undefined;
  #started = false;

  constructor(label = utf8, options = undefined) {
    this.#encoding = encodingOf(`${label}`);
    const chosen = optionsOf("TextDecoder", options);
    this.#fatal = !!chosen.fatal;
    this.#ignoreBOM = !!chosen.ignoreBOM;
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = undefined, options = undefined) {
    const encoding = this.#encoding;
    const stream = !!optionsOf("TextDecoder.decode", options).stream;
    let bytes = input === undefined ? new Uint8Array(0) : bytesOf(input);
    if (this.#pending !== undefined) bytes = joined(this.#pending, bytes);
    this.#pending = undefined;
    if (encoding === windows1252) return decodeWindows1252(bytes);

    const bigEndian = encoding === utf16be;
    if (stream) {
      const tail = encoding === utf8 ? utf8Tail(bytes) : utf16Tail(bytes, bigEndian);
      if (tail > 0) {
        const cut = lengthOf(bytes) - tail;
        // A copy, because the caller may reuse the buffer.
        this.#pending = joined(new Uint8Array(0), part(bytes, cut, cut + tail));
        bytes = part(bytes, 0, cut);
      }
    }
    const keepBom = this.#ignoreBOM || this.#started;
    const text = encoding === utf8
      ? decodeUtf8(bytes, this.#fatal, keepBom)
      : decodeUtf16(bytes, bigEndian, this.#fatal, keepBom);
    this.#started = stream && (this.#started || lengthOf(bytes) > 0);
    if (text === undefined) {
      this.#pending = undefined;
      this.#started = false;
      throw new TypeError(`TextDecoder.decode: the data is not valid ${encoding}`);
    }
    return text;
  }
}
asInterface(TextDecoder, "TextDecoder", ["encoding", "fatal", "ignoreBOM", "decode"]);

defineGlobal("TextEncoder", TextEncoder);
defineGlobal("TextDecoder", TextDecoder);
