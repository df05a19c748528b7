// TextDecoder: labels, malformed input, byte order marks and input that comes in pieces.
import { equal, test, throws } from "./assert.mjs";

const bytes = (...values) => new Uint8Array(values);
const decode = (label, input, options) => new TextDecoder(label, options).decode(input);

test("labels", () => {
  equal(new TextDecoder().encoding, "utf-8");
  for (const [label, encoding] of [
    ["UTF8", "utf-8"],
    [" utf-8\n", "utf-8"],
    ["unicode-1-1-utf-8", "utf-8"],
    ["utf-16", "utf-16le"],
    ["ucs-2", "utf-16le"],
    ["unicodefffe", "utf-16be"],
    ["latin1", "windows-1252"],
    ["ASCII", "windows-1252"],
    ["iso-8859-1", "windows-1252"],
  ]) {
    equal(new TextDecoder(label).encoding, encoding, label);
  }
  throws(() => new TextDecoder("klingon"), {
    name: "RangeError",
    message: 'TextDecoder: the encoding "klingon" is not supported',
  });
  throws(() => new TextDecoder("utf-8\0"), RangeError);
});

test("buffers and views of all kinds", () => {
  const buffer = bytes(120, 97, 98, 99, 121).buffer;
  equal(decode("utf-8", buffer), "xabcy");
  equal(decode("utf-8", new Uint8Array(buffer, 1, 3)), "abc");
  equal(decode("utf-8", new DataView(buffer, 1, 2)), "ab");
  equal(decode("utf-8", new Uint16Array(buffer, 0, 1)), "xa");
  equal(new TextDecoder().decode(), "");
  equal(new TextDecoder().decode(undefined), "");
});

test("malformed UTF-8 is replaced as the standard says", () => {
  equal(decode("utf-8", bytes(0x61, 0xff, 0x62)), "a\ufffdb");
  equal(decode("utf-8", bytes(0xe2, 0x82)), "\ufffd");
  equal(decode("utf-8", bytes(0xed, 0xa0, 0x80)), "\ufffd\ufffd\ufffd");
  equal(decode("utf-8", bytes(0xf0, 0x9f, 0x41)), "\ufffdA");
  equal(decode("utf-8", bytes(0xc0, 0x80)), "\ufffd\ufffd");
});

test("fatal", () => {
  const fatal = new TextDecoder("utf-8", { fatal: true });
  equal(fatal.fatal, true);
  equal(fatal.decode(bytes(0x61)), "a");
  throws(() => fatal.decode(bytes(0xff)), {
    name: "TypeError",
    message: "TextDecoder.decode: the data is not valid utf-8",
  });
  throws(() => fatal.decode(bytes(0xe2, 0x82)), TypeError);
  equal(fatal.decode(bytes(0x62)), "b");
  throws(() => decode("utf-16le", bytes(0, 0xd8), { fatal: true }), TypeError);
  throws(() => decode("utf-16le", bytes(0), { fatal: true }), TypeError);
});

test("byte order marks", () => {
  equal(decode("utf-8", bytes(0xef, 0xbb, 0xbf, 0x61)), "a");
  equal(decode("utf-8", bytes(0xef, 0xbb, 0xbf, 0x61), { ignoreBOM: true }), "\ufeffa");
  equal(decode("utf-16le", bytes(0xff, 0xfe, 0x61, 0)), "a");
  equal(decode("utf-16be", bytes(0xfe, 0xff, 0, 0x61)), "a");
  equal(decode("utf-8", bytes(0x61, 0xef, 0xbb, 0xbf)), "a\ufeff");
});

test("input in pieces", () => {
  const all = new TextEncoder().encode("\ufeffaé€😀");
  for (let size = 1; size <= 4; size++) {
    const decoder = new TextDecoder();
    let text = "";
    for (let i = 0; i < all.length; i += size) {
      text += decoder.decode(all.subarray(i, i + size), { stream: true });
    }
    equal(text + decoder.decode(), "aé€😀", `pieces of ${size}`);
  }
  const decoder = new TextDecoder();
  equal(decoder.decode(bytes(0xe2, 0x82), { stream: true }), "");
  equal(decoder.decode(), "\ufffd");
  equal(decoder.decode(bytes(0x61)), "a");
});

test("the caller may reuse the buffer between pieces", () => {
  const decoder = new TextDecoder();
  const piece = bytes(0xe2, 0x82);
  equal(decoder.decode(piece, { stream: true }), "");
  piece.fill(0);
  equal(decoder.decode(bytes(0xac)), "€");
});

test("UTF-16 in pieces", () => {
  const decoder = new TextDecoder("utf-16le");
  let text = "";
  for (const byte of [0x3d, 0xd8, 0x00, 0xde, 0x61, 0x00]) {
    text += decoder.decode(bytes(byte), { stream: true });
  }
  equal(text + decoder.decode(), "😀a");
  equal(decode("utf-16le", bytes(0x00, 0xdc, 0x61, 0x00, 0x62)), "\ufffda\ufffd");
});

test("windows-1252", () => {
  equal(decode("latin1", bytes(0x80, 0x99, 0xe9, 0x81)), "€™é\x81");
});

test("what it refuses", () => {
  throws(() => new TextDecoder().decode("text"), TypeError);
  throws(() => new TextDecoder().decode({}), TypeError);
  throws(() => new TextDecoder("utf-8", 1), TypeError);
  throws(() => TextDecoder.prototype.decode.call({}), TypeError);
  throws(() => TextDecoder(), TypeError);
});
