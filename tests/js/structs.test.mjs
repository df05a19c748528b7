// Structs: made from plain objects, read and written in the memory that C sees.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as structs from "ffi:structs";

const { Point, Pixel, Seg, All } = structs;

test("from nothing, from an object, from another instance", () => {
  const zero = new Point();
  equal(zero.x, 0);
  equal(zero.y, 0);
  const p = new Point({ x: 1.5, y: -2 });
  equal(p.x, 1.5);
  equal(p.y, -2);
  const half = new Point({ y: 7 });
  equal(half.x, 0);
  equal(half.y, 7);
  const copy = new Point(p);
  copy.x = 9;
  equal(p.x, 1.5);
  equal(copy.y, -2);
  ok(p instanceof Point);
  equal(Point.name, "Point");
  equal(Object.prototype.toString.call(p), "[object Point]");
});

test("what is no field is refused, with a hint", () => {
  throws(() => new Point({ X: 1 }), { name: "TypeError", message: 'structs.Point: Point has no field "X"' });
  throws(() => new Seg({ idd: 1 }), { name: "TypeError", message: /idd.*did you mean "?id"?\?/ });
  throws(() => new Point({ x: 1, unlike: 2 }), { name: "TypeError", message: /unlike/ });
  throws(() => new Point(5), { name: "TypeError" });
  throws(() => new Point("x"), { name: "TypeError" });
  throws(() => new Point(null), { name: "TypeError" });
  throws(() => new Point([1, 2]), { name: "TypeError" });
});

test("a class is no function", () => {
  throws(() => Point({ x: 1 }), TypeError);
});

test("each field kind holds its bounds, and takes nothing else", () => {
  const most = structs.all_extremes(true);
  const least = structs.all_extremes(false);
  deepEqual(most.toJSON ? { ...most.toJSON(), i64: most.i64, u64: most.u64 } : most, {
    on: true, c: 127, sc: 127, uc: 255, i8: 127, u8: 255, i16: 32767, u16: 65535, i32: 2147483647, u32: 4294967295,
    i64: 2n ** 63n - 1n, u64: 2n ** 64n - 1n, f32: 1.5, f64: 1e300, l: 9007199254740991, z: 9007199254740991, shade: 2,
  });
  equal(least.i8, -128);
  equal(least.i64, -(2n ** 63n));
  equal(least.on, false);
  const all = new All();
  for (const [field, good] of Object.entries({ on: true, c: -128, sc: -1, uc: 255, i8: 127, u8: 200, i16: -32768, u16: 65535,
    i32: -5, u32: 4294967295, i64: -(2n ** 63n), u64: 2n ** 64n - 1n, f32: 0.5, f64: 1e-300, l: -1, z: 77, shade: 2 })) {
    all[field] = good;
    equal(all[field], good, field);
  }
  for (const [field, bad] of [["on", 1], ["c", 128], ["uc", -1], ["i8", 128], ["u8", 256], ["i16", 32768], ["u16", 65536],
    ["i32", 2 ** 31], ["u32", -1], ["i64", 2n ** 63n], ["u64", -1n], ["f64", "1"], ["f32", 1e39], ["l", 2 ** 53], ["z", -1],
    ["shade", 3], ["i32", 1.5], ["i32", NaN], ["i32", "1"], ["i32", null], ["i32", undefined], ["i32", {}]]) {
    const before = all[field];
    throws(() => { all[field] = bad; }, { message: new RegExp(`^structs\\.All\\.${field}: expected `) }, field);
    equal(all[field], before);
    if (bad !== undefined) throws(() => new All({ [field]: bad }), { message: new RegExp(`${field}: expected `) }, field);
  }
});

test("messages of fields", () => {
  const p = new Point();
  throws(() => { p.x = "far"; }, { name: "TypeError", message: 'structs.Point.x: expected a number, got "far"' });
  const pixel = new Pixel();
  throws(() => { pixel.r = 256; }, { name: "RangeError", message: "structs.Pixel.r: expected an integer from 0 to 255, got 256" });
});

test("accessors stand on the prototype and know their objects", () => {
  const get = Object.getOwnPropertyDescriptor(Point.prototype, "x").get;
  equal(get.call(new Point({ x: 4 })), 4);
  for (const stranger of [{}, null, undefined, 1, new Pixel(), new Proxy(new Point(), {}), Object.create(new Point())]) {
    throws(() => get.call(stranger), TypeError);
  }
  deepEqual(Object.keys(new Point()), []);
});

test("nested structs are views that share the memory", () => {
  const s = new Seg({ a: { x: 1, y: 2 }, b: new Point({ x: 3, y: 4 }), id: 5 });
  equal(s.a.x, 1);
  equal(s.b.y, 4);
  s.a.x = 10;
  equal(s.a.x, 10);
  const a = s.a;
  s.a = { x: 7, y: 8 };
  equal(a.x, 7);
  s.b = s.a;
  equal(s.b.y, 8);
  s.b.y = 1;
  equal(s.a.y, 8);
  ok(a instanceof Point);
  throws(() => { s.a = { x: "7" }; }, { message: /^structs\.Seg\.a\.x: expected a number, got "7"$/ });
  throws(() => { s.a = 5; }, { name: "TypeError", message: /^structs\.Seg\.a: expected / });
  throws(() => { s.a = new Pixel(); }, { name: "TypeError" });
});

test("a nested view outlives the name of its owner", () => {
  let a = new Seg({ a: { x: 42 } }).a;
  for (let i = 0; i < 50; i++) new Array(10000).fill({});
  equal(a.x, 42);
});

test("Symbol.dispose ends an instance", () => {
  const p = new Point({ x: 1 });
  p[Symbol.dispose]();
  throws(() => p.x, { name: "Error", message: /Point/ });
  throws(() => structs.point_length(p), { name: "Error", message: /^structs\.point_length: p: .*Point/ });
  equal(p[Symbol.dispose](), undefined);
  const s = new Seg();
  const a = s.a;
  s[Symbol.dispose]();
  throws(() => a.x, { name: "Error" });
});

test("instances may be extended in JavaScript", () => {
  class Place extends Point {
    constructor(x, y) {
      super({ x, y });
    }
    get length() {
      return Math.hypot(this.x, this.y);
    }
  }
  const place = new Place(3, 4);
  equal(place.length, 5);
  equal(structs.point_length(place), 25);
  ok(place instanceof Point);
});
