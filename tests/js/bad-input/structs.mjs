// Views of what is gone, and literals that bite.
import { test, equal, deepEqual, throws, ok } from "../assert.mjs";
import { revoked } from "./tools.mjs";
import * as structs from "ffi:structs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";
import * as gauges from "ffi:gauges";

const { Counter } = handles;
const { Point, Seg, Grid } = structs;

test("a view of a disposed struct, in every way", () => {
  const g = new Grid();
  const { cells, corners } = g;
  const row = cells[0];
  const corner = corners[0];
  g[Symbol.dispose]();
  for (const use of [() => g.cells, () => g.label, () => cells[0], () => row[0], () => { row[0] = 1; }, () => corner.x, () => { corner.x = 1; },
    () => cells.toArray(), () => [...row], () => structs.grid_sum(g), () => structs.point_length(corner), () => new Grid(g), () => g.toJSON()]) {
    throws(use, { name: "Error" });
  }
});

test("literals that bite", () => {
  throws(() => structs.point_length(revoked()), { name: "TypeError", message: "Cannot perform 'ownKeys' on a proxy that has been revoked" });
  throws(() => structs.point_length(new Proxy({}, { get() { throw new Error("trapped"); } })), { message: "trapped" });
  equal(structs.point_length(new Proxy({ x: 3, y: 4 }, {})), 25);
  throws(() => new Point(new Proxy({}, { ownKeys() { throw new Error("keys"); } })), { name: "Error", message: "keys" });
  const endless = {};
  endless.a = endless;
  throws(() => structs.seg_id(endless), { name: "TypeError", message: "structs.seg_id: s.a: Point has no field \"a\"" });
  throws(() => new Grid({ corners: { length: 4 } }), { name: "TypeError", message: "structs.Grid: corners: expected an array of 4 elements, got an Object" });
  throws(() => new Grid({ cells: [[1, 2, 3], [4, 5, 6], [7, 8, 9]] }), { name: "RangeError", message: "structs.Grid: cells: expected 2 elements, got 3" });
  throws(() => new Grid({ cells: [1, 2] }), { name: "TypeError", message: "structs.Grid: cells[0]: expected an array of 3 elements, got 1" });
  throws(() => new Grid({ cells: [new Proxy([1, 2, 3], { get() { throw new Error("row"); } })] }), { name: "RangeError", message: "structs.Grid: cells: expected 2 elements, got 1" });
  throws(() => new Grid({ corners: [{ get x() { throw new Error("corner"); } }, {}, {}, {}] }), { message: "corner" });
});

test("a setter's value that disposes its own struct", () => {
  const s = new Seg();
  throws(() => { s.a = { get x() { s[Symbol.dispose](); return 1; } }; }, { name: "Error", message: "structs.Seg.a: the Seg is disposed" });
  const g = new Grid();
  throws(() => { g.corners[1] = { get x() { g[Symbol.dispose](); return 1; } }; }, { name: "Error", message: "structs.Grid.corners[1]: the Grid is disposed" });
  throws(() => { const h = new Grid(); h.cells = [[1, { valueOf() { return 2; } }, 3], [4, 5, 6]]; }, { name: "TypeError", message: "structs.Grid.cells[0][1]: expected an integer from -2147483648 to 2147483647, got an Object" });
});

test("assignment from itself, and from what overlaps", () => {
  const g = new Grid({ corners: [{ x: 1 }, { x: 2 }, { x: 3 }, { x: 4 }] });
  g.corners = g.corners;
  g.corners[1] = g.corners[0];
  g.corners[0] = g.corners[0];
  deepEqual([...g.corners].map((c) => c.x), [1, 1, 3, 4]);
  g.cells = g.cells;
});

test("toJSON that is called on strangers, and throwing toJSON near it", () => {
  const { toJSON } = Point.prototype;
  for (const stranger of [{}, null, undefined, 5, new Seg(), new Proxy(new Point(), {})]) throws(() => toJSON.call(stranger), TypeError);
  const p = new Point();
  p.toJSON = () => { throw new Error("mine"); };
  throws(() => JSON.stringify(p), { message: "mine" });
  console.log(p);
});

test("structs do not clone into something with their address", () => {
  for (const value of [new Point({ x: 1 }), new Counter(0), new pointers.Person({ name: "x" }), new gauges.Gauge(1)]) {
    let clone;
    try {
      clone = structuredClone(value);
    } catch (error) {
      ok(error instanceof Error);
      continue;
    }
    ok(clone !== value);
    throws(() => structs.point_scale(clone, 1), {});
    throws(() => Counter.prototype.value.call(clone), TypeError);
  }
});
