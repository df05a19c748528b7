// Array fields: live views with a length, or text.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as structs from "ffi:structs";

test("numbers: read, written, iterated", () => {
  const s = structs.seg_make(1, 2);
  equal(s.tag.length, 8);
  equal(s.tag[0], 1);
  equal(s.tag[7], 8);
  deepEqual([...s.tag], [1, 2, 3, 4, 5, 6, 7, 8]);
  deepEqual(s.tag.toArray(), [1, 2, 3, 4, 5, 6, 7, 8]);
  s.tag[1] = 200;
  equal(s.tag[1], 200);
  equal(s.tag[8], undefined);
  equal(s.tag[-1], undefined);
  throws(() => { s.tag[8] = 1; }, { name: /^(Range|Type)Error$/ });
  throws(() => { s.tag[0] = 256; }, { name: "RangeError", message: /expected an integer from 0 to 255, got 256$/ });
  throws(() => { s.tag[0] = "1"; }, { name: "TypeError" });
  throws(() => { s.tag.length = 3; }, TypeError);
});

test("assigned whole", () => {
  const s = new structs.Seg({ tag: [1, 2, 3, 4, 5, 6, 7, 8] });
  deepEqual([...s.tag], [1, 2, 3, 4, 5, 6, 7, 8]);
  throws(() => { s.tag = [1, 2, 3]; }, { name: "RangeError", message: "structs.Seg.tag: expected 8 elements, got 3" });
  s.tag = new Uint8Array([9, 8, 7, 6, 5, 4, 3, 2]);
  deepEqual([...s.tag], [9, 8, 7, 6, 5, 4, 3, 2]);
  throws(() => { s.tag = new Array(9).fill(1); }, { name: "RangeError" });
  throws(() => { s.tag = 5; }, { name: "TypeError" });
  throws(() => { s.tag = [1, 2, 3, "4", 5, 6, 7, 8]; }, { name: "TypeError", message: 'structs.Seg.tag[3]: expected an integer from 0 to 255, got "4"' });
});

test("more dimensions, structs in arrays", () => {
  const g = structs.grid_make(10);
  equal(g.cells.length, 2);
  equal(g.cells[0].length, 3);
  equal(g.cells[1][2], 15);
  g.cells[1][2] = -1;
  equal(g.cells[1][2], -1);
  equal(g.corners[3].y, 3);
  g.corners[3].y = 30;
  equal(g.corners[3].y, 30);
  g.corners[0] = { x: 1, y: 1 };
  equal(g.corners[0].x, 1);
  ok(g.corners[1] instanceof structs.Point);
  deepEqual(g.cells.toArray().map((row) => row.toArray()), [[10, 11, 12], [13, 14, -1]]);
  deepEqual(g.toJSON().cells, [[10, 11, 12], [13, 14, -1]]);
});

test("char arrays are text, unless they are bytes", () => {
  const g = new structs.Grid({ label: "grün" });
  equal(g.label, "grün");
  g.label = "";
  equal(g.label, "");
  g.label = "1234567";
  equal(g.label, "1234567");
  throws(() => { g.label = "12345678"; }, { name: "RangeError", message: "structs.Grid.label: expected a string of at most 7 bytes, got 8" });
  throws(() => { g.label = "a\0b"; }, { name: "TypeError", message: /NUL/ });
  throws(() => { g.label = 5; }, { name: "TypeError" });
  g.raw[0] = 7;
  equal(structs.grid_raw(g), 7000);
});

test("literals with everything", () => {
  const cells = [[1, 2, 3], [4, 5, 6]];
  equal(structs.grid_sum({ cells, label: "abc", corners: [{ x: 1 }, { y: 1 }, {}, {}] }), 1 + 4 + 9 + 16 + 25 + 36 + 1000 + 100 + 300000);
});

test("an array view ends with its owner", () => {
  const s = new structs.Seg();
  const tag = s.tag;
  s[Symbol.dispose]();
  throws(() => tag[0], { name: "Error" });
});
