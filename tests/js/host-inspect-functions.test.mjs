// Inspection of functions, classes, accessors and generators, where Node 20 shows the same.
import { inspect } from "isthmus:host";
import { equal, test } from "./assert.mjs";

class Foo {
  constructor() {
    this.x = 1;
  }
}
class Bar extends Foo {
  static s = 1;
  get g() {
    return 1;
  }
}

const cases = [
  [() => new Foo(), "Foo { x: 1 }"],
  [() => new Bar(), "Bar { x: 1 }"],
  [() => Foo, "[class Foo]"],
  [() => Bar, "[class Bar extends Foo] { s: 1 }"],
  [() => class {}, "[class (anonymous)]"],
  [() => class extends Foo {}, "[class (anonymous) extends Foo]"],
  [() => function () {}, "[Function (anonymous)]"],
  [() => function f() {}, "[Function: f]"],
  [() => () => {}, "[Function (anonymous)]"],
  [() => async () => {}, "[AsyncFunction (anonymous)]"],
  [() => async function a() {}, "[AsyncFunction: a]"],
  [() => function* g() {}, "[GeneratorFunction: g]"],
  [() => async function* ag() {}, "[AsyncGeneratorFunction: ag]"],
  [
    () => Object.assign(function f() {}, { x: 1, y: { z: 2 } }),
    "[Function: f] { x: 1, y: { z: 2 } }",
  ],
  [() => Math.max, "[Function: max]"],
  [() => Map, "[Function: Map]"],
  [() => (() => {}).bind(), "[Function: bound ]"],
  [() => Object.setPrototypeOf(function f() {}, null), "[Function (null prototype): f]"],
  [
    () => ({
      f() {},
      g: () => {},
      get x() {
        return 1;
      },
      set x(v) {},
      get y() {
        return 1;
      },
      set z(v) {},
    }),
    [
      "{",
      "  f: [Function: f],",
      "  g: [Function: g],",
      "  x: [Getter/Setter],",
      "  y: [Getter],",
      "  z: [Setter]",
      "}",
    ].join("\n"),
  ],
  [() => (function* () {})(), "Object [Generator] {}"],
  [() => (async function* () {})(), "Object [AsyncGenerator] {}"],
  [() => new Proxy(function f() {}, {}), "[Function: f]"],
  [
    () =>
      (function () {
        return arguments;
      })(1, 2),
    "[Arguments] { '0': 1, '1': 2 }",
  ],
  [
    () =>
      (function () {
        return arguments;
      })(),
    "[Arguments] {}",
  ],
  [
    () => {
      function F() {}
      F.prototype = {};
      return new F();
    },
    "{}",
  ],
  [
    () => {
      function F() {}
      return new F();
    },
    "F {}",
  ],
  [
    () => {
      function F() {}
      F.prototype = null;
      return new F();
    },
    "{}",
  ],
  [
    () => {
      function F() {}
      F.prototype = Object.create(null);
      return new F();
    },
    "F <[Object: null prototype] {}> {}",
  ],
  [
    () =>
      async function () {
        await 1;
      },
    "[AsyncFunction (anonymous)]",
  ],
];

test("functions", () => {
  for (const [make, expected] of cases) equal(inspect(make()), expected, String(make).slice(6));
});
