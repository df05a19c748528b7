// TextEncoder: UTF-8 of a string, as a new array or into one.
import { deepEqual, equal, ok, test, throws } from "./assert.mjs";

const encoder = new TextEncoder();

test("encode", () => {
  deepEqual(
    encoder.encode("aé€😀"),
    new Uint8Array([97, 195, 169, 226, 130, 172, 240, 159, 152, 128]),
  );
  deepEqual(encoder.encode("\ud800x"), new Uint8Array([239, 191, 189, 120]));
  deepEqual(encoder.encode("a\0b"), new Uint8Array([97, 0, 98]));
  equal(encoder.encode().length, 0);
  equal(encoder.encode(undefined).length, 0);
  deepEqual(encoder.encode(12), new Uint8Array([49, 50]));
  throws(() => encoder.encode(Symbol()), TypeError);
});

test("encodeInto stops before a character that does not fit", () => {
  const target = new Uint8Array(4);
  deepEqual(encoder.encodeInto("aé€", target), { read: 2, written: 3 });
  deepEqual(target, new Uint8Array([97, 195, 169, 0]));
  deepEqual(encoder.encodeInto("😀", new Uint8Array(3)), { read: 0, written: 0 });
  deepEqual(encoder.encodeInto("😀", new Uint8Array(4)), { read: 2, written: 4 });
  deepEqual(encoder.encodeInto("\udc00", new Uint8Array(3)), { read: 1, written: 3 });
});

test("encodeInto keeps to its view", () => {
  const whole = new Uint8Array(6).fill(9);
  encoder.encodeInto("abcdef", whole.subarray(2, 4));
  deepEqual(whole, new Uint8Array([9, 9, 97, 98, 9, 9]));
});

test("what it refuses", () => {
  throws(() => encoder.encodeInto("a"), TypeError);
  throws(() => encoder.encodeInto("a", new Int8Array(1)), TypeError);
  throws(() => encoder.encodeInto("a", [1]), TypeError);
  throws(() => TextEncoder.prototype.encode.call({}, "a"), TypeError);
  throws(() => TextEncoder(), TypeError);
});

test("encoding", () => {
  equal(encoder.encoding, "utf-8");
  equal(String(encoder), "[object TextEncoder]");
  ok(encoder instanceof TextEncoder);
});
