// Structs by value and by pointer: literals are copies, instances are themselves, outputs are new or the caller's own.
import { test, equal, deepEqual, throws, ok, badArgument } from "./assert.mjs";
import * as structs from "ffi:structs";

const { Point, Pixel, Seg } = structs;

test("by value, in and out", () => {
  const sum = structs.point_add({ x: 1, y: 2 }, new Point({ x: 3, y: 4 }));
  ok(sum instanceof Point);
  deepEqual([sum.x, sum.y], [4, 6]);
  deepEqual(structs.pixel_invert({ r: 1, g: 2, b: 255 }).toJSON(), { r: 254, g: 253, b: 0 });
  const s = structs.seg_flip(structs.seg_make(5, 6));
  equal(s.id, -6);
  equal(s.a.y, 5);
  equal(s.tag[7], 8);
  equal(structs.seg_middle({ a: { x: 2 }, b: { x: 4, y: 4 } }).x, 3);
  const all = structs.all_same(structs.all_extremes(true));
  equal(all.u64, 2n ** 64n - 1n);
  equal(all.shade, 2);
});

test("by const pointer", () => {
  equal(structs.point_length({ x: 3, y: 4 }), 25);
  equal(structs.point_length(new Point({ x: 3, y: 4 })), 25);
  equal(structs.seg_id({ id: 7, tag: [1, 0, 0, 0, 0, 0, 0, 2] }), 10);
  equal(structs.pixel_sum({ r: 1, g: 2, b: 3 }), 6);
  equal(structs.point_or(), -1);
  equal(structs.point_or(null), -1);
  equal(structs.point_or({ x: 8 }), 8);
  const literal = { x: 3, y: 4 };
  structs.point_length(literal);
  deepEqual(literal, { x: 3, y: 4 });
});

test("inout needs an instance, changed in place", () => {
  const p = new Point({ x: 1, y: 2 });
  equal(structs.point_scale(p, 3), undefined);
  deepEqual([p.x, p.y], [3, 6]);
  throws(() => structs.point_scale({ x: 1, y: 2 }, 3), { name: "TypeError", message: "structs.point_scale: p: expected a Point, got an Object" });
  const s = new Seg();
  structs.seg_move(s, { x: 1, y: 2 });
  structs.point_scale(s.a, 10);
  deepEqual([s.a.x, s.b.y], [10, 2]);
});

test("out gives a new instance, or fills the caller's", () => {
  const p = structs.point_unit();
  ok(p instanceof Point);
  deepEqual([p.x, p.y], [1, 1]);
  const mine = new Point({ x: 5 });
  equal(structs.point_unit({ into: { p: mine } }), mine);
  equal(mine.x, 1);
  const { result, left, right } = structs.point_split({ x: 8, y: 9 });
  deepEqual([result, left.x, left.y, right.x, right.y], [2, 8, 0, 0, 9]);
  throws(() => structs.point_unit({ into: { p: new Pixel() } }), { name: "TypeError", message: "structs.point_unit: p: expected a Point, got a Pixel" });
});

test("copied results", () => {
  const origin = structs.point_origin();
  origin.x = 99;
  equal(structs.point_origin().x, 0);
  equal(structs.point_table(1).y, 4);
  equal(structs.point_table(7), null);
  throws(() => structs.point_none(), { name: "Error", message: /^structs\.point_none: .*NULL/ });
});

test("wrong kinds", () => {
  for (const [value, got] of [[5, "5"], ["p", '"p"'], [null, "null"], [undefined, "undefined"],
    [[1, 2], "an Array"], [() => 0, "a function"], [true, "true"], [new Float64Array(2), "a Float64Array"]]) {
    badArgument(() => structs.point_length(value), "TypeError", `structs.point_length: p: expected a Point or an object, got ${got}`, "p");
    badArgument(() => structs.point_add(value, {}), "TypeError", `structs.point_add: a: expected a Point or an object, got ${got}`, "a");
  }
  throws(() => structs.point_length(new Pixel()), { name: "TypeError", message: "structs.point_length: p: expected a Point, got a Pixel" });
  throws(() => structs.point_length({ x: "3" }), { name: "TypeError", message: 'structs.point_length: p.x: expected a number, got "3"' });
  throws(() => structs.point_length({ z: 3 }), { name: "TypeError", message: /^structs\.point_length: p: .*z/ });
  throws(() => structs.seg_id({ a: { y: [] } }), { name: "TypeError", message: "structs.seg_id: s.a.y: expected a number, got an Array" });
});

test("a literal's properties are read once, in declaration order", () => {
  const log = [];
  const spy = (name, value) => ({ get() { log.push(name); return value; }, enumerable: true });
  const literal = Object.defineProperties({}, { y: spy("y", 2), x: spy("x", 1) });
  equal(structs.point_length(literal), 5);
  deepEqual(log, ["x", "y"]);
});
