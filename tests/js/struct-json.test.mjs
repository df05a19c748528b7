// toJSON gives plain data; the console shows what is inside.
import { test, equal, deepEqual, ok } from "./assert.mjs";
import * as structs from "ffi:structs";

test("toJSON", () => {
  deepEqual(new structs.Point({ x: 1, y: 2 }).toJSON(), { x: 1, y: 2 });
  const s = structs.seg_make(1, 2);
  deepEqual(s.toJSON(), { a: { x: 1, y: 0 }, b: { x: 0, y: 1 }, id: 2, tag: [1, 2, 3, 4, 5, 6, 7, 8] });
  equal(JSON.stringify(s), '{"a":{"x":1,"y":0},"b":{"x":0,"y":1},"id":2,"tag":[1,2,3,4,5,6,7,8]}');
  deepEqual(structs.grid_make(1).toJSON().label, "grid");
});

test("64-bit fields become something that JSON can hold", () => {
  const text = JSON.stringify(new structs.Bits({ wide: 5n }));
  ok(/"wide":"?5"?/.test(text), text);
});

test("what toJSON gives makes an equal instance", () => {
  const s = structs.seg_make(3, 4);
  deepEqual(new structs.Seg(s.toJSON()).toJSON(), s.toJSON());
});
