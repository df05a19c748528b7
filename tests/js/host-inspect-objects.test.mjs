// Inspection of plain objects, class instances, prototypes, keys, depth and cycles, where Node 20
// shows the same.
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
class MyU8 extends Uint8Array {}

const cases = [
  [() => ({}), "{}"],
  [() => [], "[]"],
  [
    () => ({ a: 1, "b-c": 2, [Symbol("s")]: 3, 4: 5, $d: 1, ü: 1, "it's": 2 }),
    "{ '4': 5, a: 1, 'b-c': 2, '$d': 1, 'ü': 1, \"it's\": 2, [Symbol(s)]: 3 }",
  ],
  [() => [1, 2, 3], "[ 1, 2, 3 ]"],
  [() => Object.assign([1, 2], { x: 1, "-1": 2 }), "[ 1, 2, x: 1, '-1': 2 ]"],
  [() => ({ a: { b: { c: { d: 1 } } } }), "{ a: { b: { c: [Object] } } }"],
  [() => ({ a: { b: { c: {} } } }), "{ a: { b: { c: {} } } }"],
  [() => ({ a: { b: { c: [] } } }), "{ a: { b: { c: [] } } }"],
  [() => ({ a: { b: { c: [1] } } }), "{ a: { b: { c: [Array] } } }"],
  [() => ({ a: { b: { c: new Foo() } } }), "{ a: { b: { c: [Foo] } } }"],
  [
    () => ({ a: { b: { c: Object.create(null, { x: { value: 1, enumerable: true } }) } } }),
    "{ a: { b: { c: [Object: null prototype] } } }",
  ],
  [() => Object.create(null), "[Object: null prototype] {}"],
  [() => Object.assign(Object.create(null), { a: 1 }), "[Object: null prototype] { a: 1 }"],
  [() => Object.create({}), "{}"],
  [() => Object.create(Object.create(null)), "Object <[Object: null prototype] {}> {}"],
  [() => Object.create(Foo.prototype), "Foo {}"],
  [() => Object.create(new Foo()), "Foo {}"],
  [
    () => Object.create(Object.create(Object.create(null))),
    "Object <Object <[Object: null prototype] {}>> {}",
  ],
  [
    () => Object.create(Object.assign(Object.create(null), { q: 1 })),
    "Object <[Object: null prototype]> {}",
  ],
  [() => Foo.prototype, "{}"],
  [() => Bar.prototype, "Foo {}"],
  [() => Object.prototype, "[Object: null prototype] {}"],
  [() => new MyU8(2), "MyU8(2) [Uint8Array] [ 0, 0 ]"],
  [() => Object.setPrototypeOf(class A {}, null), "[class A extends [null prototype]]"],
  [() => Math, "Object [Math] {}"],
  [() => JSON, "Object [JSON] {}"],
  [
    () => {
      const o = { a: 1 };
      o.o = o;
      return o;
    },
    "<ref *1> { a: 1, o: [Circular *1] }",
  ],
  [
    () => {
      const a = [1];
      a.push(a, { a });
      return a;
    },
    "<ref *1> [ 1, [Circular *1], { a: [Circular *1] } ]",
  ],
  [
    () => {
      const a = {},
        b = { a };
      a.b = b;
      return { a, b, c: [a] };
    },
    [
      "{",
      "  a: <ref *1> { b: { a: [Circular *1] } },",
      "  b: <ref *2> { a: <ref *1> { b: [Circular *2] } },",
      "  c: [ <ref *1> { b: [Object] } ]",
      "}",
    ].join("\n"),
  ],
  [
    () => {
      class A {
        constructor() {
          this.me = this;
        }
      }
      return new A();
    },
    "<ref *1> A { me: [Circular *1] }",
  ],
  [() => ({ a: { b: 1, c: { d: 2 } } }), "{ a: { b: 1, c: { d: 2 } } }"],
  [() => ({ [Symbol.toStringTag]: "Tagged" }), "{ [Symbol(Symbol.toStringTag)]: 'Tagged' }"],
  [() => Object.defineProperty({}, Symbol.toStringTag, { value: "Hidden" }), "Object [Hidden] {}"],
  [() => new (class A {})(), "A {}"],
  [
    () => {
      class A {}
      A.prototype[Symbol.toStringTag] = "T";
      return new A();
    },
    "A [T] {}",
  ],
  [
    () => {
      const o = {};
      Object.defineProperty(o, "h", { value: 1 });
      return o;
    },
    "{}",
  ],
  [() => JSON.parse('{"__proto__": 1}'), "{ ['__proto__']: 1 }"],
  [() => ({ constructor: "x" }), "{ constructor: 'x' }"],
  [() => ({ constructor: { name: "Fake" } }), "{ constructor: { name: 'Fake' } }"],
  [
    () =>
      new (class {
        a = 1;
      })(),
    "{ a: 1 }",
  ],
  [() => new (class extends Foo {})(), "Foo { x: 1 }"],
  [() => new (class extends Array {})(), "[]"],
  [() => [undefined, null], "[ undefined, null ]"],
  [() => [[], [[]], {}], "[ [], [ [] ], {} ]"],
  [() => Object.freeze({ a: 1 }), "{ a: 1 }"],
  [() => ({ "a b": { "c d": ["e f"] } }), "{ 'a b': { 'c d': [ 'e f' ] } }"],
  [
    () => [
      ["a", 1],
      ["b", 2],
    ],
    "[ [ 'a', 1 ], [ 'b', 2 ] ]",
  ],
  [
    () => Object.getOwnPropertyDescriptor({ a: 1 }, "a"),
    "{ value: 1, writable: true, enumerable: true, configurable: true }",
  ],
  [
    () =>
      Object.getOwnPropertyDescriptor(
        {
          get a() {
            return 1;
          },
        },
        "a",
      ),
    [
      "{",
      "  get: [Function: get a],",
      "  set: undefined,",
      "  enumerable: true,",
      "  configurable: true",
      "}",
    ].join("\n"),
  ],
  [() => [1.5, -2, 1e100, NaN, Infinity, -0, 0], "[ 1.5, -2, 1e+100, NaN, Infinity, -0, 0 ]"],
  [
    () => [true, false, true, true, true, true, true],
    ["[", "  true, false,", "  true, true,", "  true, true,", "  true", "]"].join("\n"),
  ],
  [
    () => ["a", 1, null, undefined, true, 2n, Symbol("s"), {}],
    "[ 'a', 1, null, undefined, true, 2n, Symbol(s), {} ]",
  ],
];

test("objects", () => {
  for (const [make, expected] of cases) equal(inspect(make()), expected, String(make).slice(6));
});
