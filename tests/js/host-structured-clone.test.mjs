// structuredClone: what it copies, what it transfers, and what it refuses with a DataCloneError.
import { deepEqual, equal, ok, test, throws } from "./assert.mjs";

test("values of every kind", () => {
  const date = new Date(0);
  for (const value of [
    1,
    -0,
    "text",
    true,
    null,
    undefined,
    5n,
    [1, , 3],
    { a: { b: [] } },
    date,
  ]) {
    deepEqual(structuredClone(value), value);
  }
  const source = { map: new Map([[1, { two: 2 }]]), set: new Set([3]), re: /x/gi };
  const clone = structuredClone(source);
  equal(clone.map.get(1).two, 2);
  ok(clone.map.get(1) !== source.map.get(1));
  ok(clone.set.has(3));
  equal(String(clone.re), "/x/gi");
  equal(structuredClone(new Number(3)).valueOf(), 3);
  deepEqual(structuredClone(new Uint8Array([1, 2, 3]).subarray(1)), new Uint8Array([2, 3]));
});

test("errors keep their name, message and cause", () => {
  const clone = structuredClone(new RangeError("far"));
  ok(clone instanceof RangeError);
  equal(clone.message, "far");
});

test("cycles and shared references", () => {
  const source = { list: [] };
  source.self = source;
  source.list.push(source.list);
  const clone = structuredClone(source);
  ok(clone.self === clone);
  ok(clone.list[0] === clone.list);
});

test("prototypes are not copied", () => {
  class Point {
    x = 1;
  }
  const clone = structuredClone(new Point());
  ok(Object.getPrototypeOf(clone) === Object.prototype);
  equal(clone.x, 1);
});

test("a transferred buffer moves", () => {
  const buffer = new Uint8Array([1, 2, 3]).buffer;
  const clone = structuredClone({ buffer }, { transfer: [buffer] });
  deepEqual(new Uint8Array(clone.buffer), new Uint8Array([1, 2, 3]));
  equal(buffer.byteLength, 0);
  const other = new ArrayBuffer(8);
  equal(structuredClone(other, { transfer: new Set([other]) }).byteLength, 8);
});

const refused = (fn) => {
  const error = throws(fn, { name: "DataCloneError", code: 25 });
  ok(error instanceof DOMException);
};

test("what cannot be cloned", () => {
  refused(() => structuredClone(() => {}));
  refused(() => structuredClone({ deep: [Symbol("s")] }));
  refused(() => structuredClone(new WeakMap()));
  refused(() => structuredClone(Promise.resolve()));
});

test("what cannot be transferred", () => {
  const buffer = new ArrayBuffer(1);
  refused(() => structuredClone(1, { transfer: [{}] }));
  refused(() => structuredClone(1, { transfer: [new Uint8Array(1)] }));
  refused(() => structuredClone(1, { transfer: [buffer, buffer] }));
  equal(buffer.byteLength, 1);
  structuredClone(buffer, { transfer: [buffer] });
  refused(() => structuredClone(1, { transfer: [buffer] }));
});

test("a getter's error goes through", () => {
  const loud = {
    get boom() {
      throw new RangeError("from the getter");
    },
  };
  throws(() => structuredClone(loud), { name: "RangeError", message: "from the getter" });
});

test("its own arguments", () => {
  throws(() => structuredClone(), {
    name: "TypeError",
    message: "structuredClone: 1 argument required, but only 0 present",
  });
  throws(() => structuredClone(1, 2), TypeError);
  throws(() => structuredClone(1, { transfer: 3 }), TypeError);
  throws(() => structuredClone(1, { transfer: [1] }), TypeError);
  equal(structuredClone(1, null), 1);
  equal(structuredClone(1, { transfer: undefined }), 1);
});

test("shared memory inside of other values stays shared", () => {
  const shared = new SharedArrayBuffer(3);
  const clone = structuredClone({ one: shared, list: [shared] });
  new Uint8Array(shared)[1] = 7;
  equal(new Uint8Array(clone.one)[1], 7);
  equal(clone.one, clone.list[0]);
});

test("a WebAssembly module", () => {
  const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  ok(structuredClone({ module }).module instanceof WebAssembly.Module);
});

test("a clone that fails detaches nothing", () => {
  const buffer = new ArrayBuffer(4, { maxByteLength: 8 });
  const view = new Uint8Array(buffer);
  throws(() => structuredClone(view, { transfer: [buffer] }), {
    name: "DataCloneError",
    message: "A resizable buffer's view could not be cloned.",
  });
  equal(buffer.byteLength, 4);
});
