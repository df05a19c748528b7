// Unions: one memory with a name for each way to read it, literals that set one member, and tags that say which is there.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as unions from "ffi:unions";

// Takes events until it is a text.
function awaitText(event) {
  do unions.event_next({ into: { event } });
  while (event.kind !== unions.UN_TEXT);
}

const { Word, Big, Mixed, Floats, Large, Value, Event, Variant, Note } = unions;

test("members share their memory", () => {
  const w = new Word({ f: 1 });
  equal(w.i, 0x3f800000);
  deepEqual([...w.bytes], [0, 0, 128, 63]);
  equal(w.halves.high, 0x3f80);
  w.i = -1;
  deepEqual([...w.bytes], [255, 255, 255, 255]);
  w.halves.low = 0;
  equal(w.i, -65536);
  w.bytes[0] = 7;
  equal(w.halves.low, 7);
  equal(new Word().i, 0);
  equal(new Word(w).i, w.i);
  deepEqual(new Word({ i: 1 }).toJSON(), { i: 1, f: 1.401298464324817e-45, bytes: [1, 0, 0, 0], halves: { low: 1, high: 0 } });
});

test("a literal sets exactly one member", () => {
  equal(new Word({ bytes: [0, 0, 128, 63] }).f, 1);
  equal(new Word({ halves: { low: 2 } }).i, 2);
  equal(new Word({ i: 5, f: undefined }).i, 5);
  const one = /^unions\.Word: expected exactly one member of the union Word, got (several|none)$/;
  throws(() => new Word({}), { name: "TypeError", message: one });
  throws(() => new Word({ i: undefined }), { name: "TypeError", message: one });
  throws(() => new Word({ i: 1, f: 2 }), { name: "TypeError", message: one });
  throws(() => new Word({ j: 1 }), { name: "TypeError", message: /no field "j"/ });
  throws(() => new Word({ i: 2 ** 31 }), { name: "RangeError" });
  throws(() => new Value({ as: { boolean: true, int32: 1 } }), { name: "TypeError", message: /^unions\.Value: as: expected exactly one member/ });
  const v = new Value({ type: 3 });
  equal(v.as.handle, 0n);
  v.as.number = 1.5;
  v.as = { int32: 7 };
  equal(v.as.handle, 7n);
  throws(() => { v.as = {}; }, { name: "TypeError", message: /got none/ });
  equal(v.as.int32, 7);
});

test("by value and by pointer, in every class of argument", () => {
  ok(unions.word_of(5) instanceof Word);
  equal(unions.word_of(0x40000000).f, 2);
  equal(unions.word_swap({ i: 0x00020001 }, { halves: { low: 10 } }).i, 0x000b0002);
  const w = new Word({ i: 1 });
  unions.word_invert(w);
  equal(w.i, -2);
  equal(unions.big_sum({ d: 1.5 }, { u: 0x4000000000000000n }), 3.5);
  const m = unions.mixed_twice(1, { point: { x: 0, y: 1.25, z: 4 } }, 0.5);
  deepEqual([m.named.id, m.point.y, m.named.scale, m.point.z], [1, 2.5, 2.5, 8.5]);
  equal(unions.mixed_twice(1, { named: { id: 20 } }, 0).named.id, 41);
  deepEqual(unions.floats_next({ f: [1, 2] }).three.toJSON(), { a: 2, b: 4, c: 3 });
  equal(unions.large_next({ text: "abc" }).text, "bbc");
  deepEqual([...unions.large_next({ numbers: [1n, 2n, 3n] }).numbers], [2n, 3n, 4n]);
  const v = unions.value_same({ type: 4, owner: 9, as: { number: -0.5 } });
  deepEqual([v.type, v.owner, v.as.number], [4, 9, -0.5]);
  equal(unions.value_number(1e300).as.number, 1e300);
  equal(unions.value_same(v).as.handle, v.as.handle);
  const words = unions.words_fill(3);
  deepEqual(words.words.map((x) => x.f), [0, 1, 2]);
  throws(() => unions.word_swap({ i: 1, f: 1 }, { i: 1 }), { name: "TypeError", message: "unions.word_swap: w: expected exactly one member of the union Word, got several" });
  throws(() => unions.word_invert({ i: 1 }), { name: "TypeError" });
  throws(() => unions.big_sum(new Word(), { d: 1 }), { name: "TypeError" });
});

test("in callbacks, both ways", () => {
  const m = unions.mixed_map({ point: { x: 1, y: 2, z: 3 } }, (given) => {
    ok(given instanceof Mixed);
    equal(given.point.z, 3);
    return { named: { id: given.named.id, scale: 8 } };
  });
  deepEqual([m.point.x, m.point.y, m.point.z], [1, 8, 0]);
  throws(() => unions.mixed_map({ named: {} }, () => ({})), { name: "TypeError", message: /exactly one member/ });
});

test("what the tag selects is what is read", () => {
  let e = unions.event_next();
  equal(e.kind, unions.UN_KEY);
  equal(e.what, 42);
  deepEqual(e.toJSON(), { kind: 1, what: 42 });
  equal(unions.event_last().what, 42);
  e = unions.event_next();
  equal(e.what.x, 1.5);
  equal(e.what.y, -2);
  e = unions.event_next();
  equal(e.what.chars, "typed");
  equal(e.what.lines[1], 9);
  deepEqual(e.toJSON(), { kind: 3, what: { chars: "typed", length: 5, lines: [0, 9] } });
  e = unions.event_next();
  equal(e.kind, unions.UN_NONE);
  throws(() => e.what, { name: "TypeError", message: "unions.Event.what: is there only when kind is 1, 2 or 3, and it is 0" });
  deepEqual(e.toJSON(), { kind: 0 });
});

test("where pointers are among the members, only C says what is there", () => {
  const e = new Event();
  throws(() => { e.kind = 3; }, { name: "TypeError" });
  throws(() => { e.what = 5; }, { name: "TypeError" });
  throws(() => new Event({ kind: 3 }), { name: "TypeError", message: "unions.Event: kind: is read-only" });
  throws(() => e.what, { name: "TypeError", message: /only when kind/ });
  awaitText(e);
  const text = e.what;
  throws(() => { text.length = 3; }, { name: "TypeError", message: /\.length: is read-only$/ });
  throws(() => { text.lines[0] = 3; }, { name: "TypeError", message: /is read-only/ });
  throws(() => { text.lines = [1, 2]; }, { name: "TypeError", message: /is read-only/ });
});

test("a view of what was there ends when the tag says otherwise", () => {
  const e = new Event();
  awaitText(e);
  const text = e.what, { lines } = text;
  equal(text.chars, "typed");
  unions.event_next({ into: { event: e } });
  equal(e.kind, unions.UN_NONE);
  for (const use of [() => text.chars, () => text.length, () => text.toJSON(), () => lines[0], () => [...lines], () => lines.toArray()]) {
    throws(use, { name: "TypeError", message: /: is no longer there: kind has changed$/ });
  }
  awaitText(e);
  equal(text.chars, "typed");
});

test("members of a union without a name", () => {
  for (const [tag, name, value] of [[1, "whole", 11], [2, "real", 2.5]]) {
    const v = unions.variant_of(tag);
    equal(v[name], value);
    deepEqual([v.left, v.right], [10, 20]);
    for (const other of ["whole", "real", "pair"]) {
      if (other !== name) throws(() => v[other], { name: "TypeError", message: new RegExp(`^unions\\.Variant\\.${other}: is there only when tag is .*, and it is ${tag}$`) });
    }
    deepEqual(v.toJSON(), { tag, [name]: value, left: 10, right: 20 });
  }
  const v = unions.variant_of(3);
  deepEqual([v.pair.a, v.pair.b], [3, 4]);
  const { pair } = v;
  v.tag = 4;
  equal(pair.a, 3);
  v.tag = 2;
  throws(() => pair.a, { name: "TypeError", message: /no longer there/ });
  throws(() => { pair.a = 1; }, { name: "TypeError", message: /no longer there/ });
  throws(() => { v.whole = 1; }, { name: "TypeError", message: "unions.Variant.whole: is there only when tag is 1, and it is 2" });
  v.real = 0.5;
  equal(unions.variant_sum(v), 30.5);
  equal(unions.variant_sum({ tag: 1, whole: 5, left: 1 }), 6);
  equal(unions.variant_sum({ tag: 4, pair: { a: 7 } }), 0);
  throws(() => unions.variant_sum({ tag: 1, real: 5 }), { name: "TypeError", message: "unions.variant_sum: v.real: is there only when tag is 2, and it is 1" });
  throws(() => unions.variant_sum({ tag: 1, whole: 1, real: 5 }), { name: "TypeError", message: "unions.variant_sum: v.real: shares its memory with whole: give one of them" });
  throws(() => { v.pair = { get a() { v.tag = 1; return 1; } }; }, { name: "TypeError", message: /only when tag/ });
  v.tag = 3;
  throws(() => { v.pair = { get a() { v.tag = 1; return 1; } }; }, { name: "TypeError", message: /only when tag is 3 or 4, and it is 1/ });
});

test("a text in a union without a name", () => {
  const note = new Note();
  equal(note.number, 0n);
  throws(() => note.text, { name: "TypeError" });
  unions.note_set(note, "kept");
  equal(note.text, "kept");
  ok(typeof note.number === "bigint");
  throws(() => { note.number = 1n; }, { name: "TypeError" });
  throws(() => { note.tag = 0; }, { name: "TypeError" });
  unions.note_set(note, null);
  throws(() => note.text, { name: "TypeError", message: "unions.Note.text: is there only when tag is 1, and it is 0" });
  equal(note.number, 77n);
});
