// Inspection of what native libraries give: structs, views of them, handles and their state.
import { inspect } from "isthmus:host";
import * as handles from "ffi:handles";
import * as structs from "ffi:structs";
import { equal, ok, test } from "./assert.mjs";

const { Point, Seg, Grid, Bits } = structs;
const { Counter, Sensor } = handles;

test("structs", () => {
  equal(inspect(new Point({ x: 1, y: 2.5 })), "Point { x: 1, y: 2.5 }");
  equal(inspect([new Point()]), "[ Point { x: 0, y: 0 } ]");
  equal(
    inspect(new Bits({ a: 1, wide: 7n })),
    "Bits { a: 1, b: 0, wide: 7n, flag: false, last: 0 }",
  );
});

test("nested structs and arrays", () => {
  const seg = new Seg({ a: { x: 1, y: 2 }, id: 7 });
  equal(
    inspect(seg),
    "Seg {\n  a: { x: 1, y: 2 },\n  b: { x: 0, y: 0 },\n  id: 7,\n" +
      "  tag: [\n    0, 0, 0, 0,\n    0, 0, 0, 0\n  ]\n}",
  );
  equal(inspect(seg.a), "Point { x: 1, y: 2 }");
  equal(inspect(seg, { depth: 0 }), "Seg { a: [Object], b: [Object], id: 7, tag: [Array] }");
  equal(inspect({ deep: [[[seg]]] }), "{ deep: [ [ [Array] ] ] }");
  equal(inspect({ a: { b: { seg } } }), "{ a: { b: { seg: [Seg] } } }");
});

test("views of arrays", () => {
  const grid = new Grid({ cells: [[1, 2, 3], [4, 5, 6]] });
  ok(inspect(grid.cells).endsWith("[ [ 1, 2, 3 ], [ 4, 5, 6 ] ]"), inspect(grid.cells));
});

test("what is in the memory now", () => {
  const point = new Point({ x: 1 });
  equal(inspect(point), "Point { x: 1, y: 0 }");
  point.y = 8;
  equal(inspect(point), "Point { x: 1, y: 8 }");
});

test("handles and their state", () => {
  const counter = new Counter(3);
  equal(inspect(counter), "Counter {}");
  const leaf = counter.leaf(0);
  equal(inspect({ leaf }), "{ leaf: Leaf {} }");
  counter.shake();
  equal(inspect(leaf), "Leaf [expired]");
  counter.free();
  equal(inspect(counter), "Counter [closed]");
  equal(inspect([counter]), "[ Counter [closed] ]");
});

test("handles with fields", () => {
  const sensor = new Sensor(1, 2);
  equal(inspect(sensor), `Sensor {
  id: 1,
  reading: 2,
  unit: 'kelvin',
  bounds: { low: 0, high: 100 },
  marks: [ 1, 2 ]
}`);
  sensor.free();
  equal(inspect(sensor), "Sensor [closed]");
});

test("subclasses, and properties of the script's own", () => {
  class Mine extends Point {
    extra = 1;
  }
  equal(inspect(new Mine({ x: 1 })), "Mine [Point] { x: 1, y: 0, extra: 1 }");
  const point = new Point();
  point.note = "own";
  point.self = point;
  equal(inspect(point), "<ref *1> Point { x: 0, y: 0, note: 'own', self: [Circular *1] }");
  const counter = new Counter(1);
  counter.label = "own";
  equal(inspect(counter), "Counter { label: 'own' }");
  counter.free();
});

test("classes, functions and the module", () => {
  equal(inspect(Point), "[Function: Point]");
  equal(inspect(structs.point_add), "[Function: point_add]");
  equal(inspect(structs.shade), "{ LIGHT: 1, DARK: 2 }");
  ok(inspect(structs).startsWith("[Module: null prototype] {\n"));
  equal(inspect(Object.create(Point.prototype)), "Point {}");
});

test("a proxy of a struct", () => {
  equal(inspect(new Proxy(new Point(), {})), "Point { x: 0, y: 0 }");
});
