// Handles are classes: constructors, statics, methods, the destructor, and one live object for each native one.
import { test, equal, deepEqual, throws, ok, badArgument } from "./assert.mjs";
import * as handles from "ffi:handles";

const { Counter, Cursor, Ticket, Sensor } = handles;

test("constructed, used, disposed", () => {
  const alive = handles.counters_alive();
  const c = new Counter(5);
  ok(c instanceof Counter);
  equal(handles.counters_alive(), alive + 1);
  equal(c.value(), 5);
  equal(c.add(3), 8);
  equal(c.add(), 9);
  equal(c.title(), "counter 5");
  equal(c.free(), 9);
  equal(handles.counters_alive(), alive);
});

test("the first constructor is `new`, others are statics, with the errors of their bundles", () => {
  const alive = handles.counters_alive();
  const c = Counter.open(7);
  ok(c instanceof Counter);
  equal(c.value(), 7);
  c.free();
  throws(() => Counter.open(-1), { name: "CounterError", code: 3 });
  throws(() => Counter.open_broken(1), { name: "CounterError", code: 4 });
  equal(handles.counters_alive(), alive, "what a failed constructor gave is freed");
});

test("a constructor that gives NULL throws", () => {
  throws(() => new Counter(-1), { name: "Error", message: /^handles\.Counter: .*NULL/ });
  throws(() => Counter.never(), { name: "Error", message: /^handles\.Counter\.never: .*NULL/ });
  equal(Counter.maybe(-1), null);
  const c = Counter.maybe(1);
  equal(c.value(), 1);
  c.free();
});

test("arguments of constructors and methods are checked", () => {
  throws(() => new Counter("5"), { name: "TypeError", message: /start: expected an integer from -2147483648 to 2147483647, got "5"$/ });
  throws(() => new Counter(), { name: "TypeError", message: /expected 1 argument, got 0$/ });
  const c = new Counter(1);
  badArgument(() => c.add("x"), "TypeError",
    'handles.Counter.add: by: expected an integer from -2147483648 to 2147483647, got "x"', "by");
  c.free();
});

test("without `new`, and without a constructor", () => {
  throws(() => Counter(1), TypeError);
  throws(() => new handles.Leaf(), { name: "TypeError", message: /Leaf/ });
  throws(() => Reflect.construct(handles.Leaf, []), TypeError);
});

test("after the end every use is an error that says so", () => {
  const c = new Counter(1);
  c.free();
  for (const use of [() => c.value(), () => c.add(1), () => c.free(), () => c.title()]) {
    throws(use, { name: "Error", message: /^handles\.Counter\.\w+: .*the Counter is closed/ });
  }
  throws(() => Counter.same(c, c), { name: "Error", parameter: "a", message: "handles.Counter.same: a: the Counter is closed" });
  throws(() => handles.counter_sum([c]), { name: "Error", message: /^handles\.counter_sum: list.*: the Counter is closed/ });
  equal(c[Symbol.dispose](), undefined);
  equal(handles.counters_misused(), 0);
});

test("Symbol.dispose", () => {
  const alive = handles.counters_alive();
  const c = new Counter(1);
  equal(c[Symbol.dispose](), undefined);
  c[Symbol.dispose]();
  equal(handles.counters_alive(), alive);
  throws(() => c.value(), { message: /closed/ });
});

test("a method's receiver must be the handle", () => {
  const c = new Counter(1);
  const { value } = Counter.prototype;
  equal(value.call(c), 1);
  for (const stranger of [{}, null, undefined, 5, "c", Counter, Counter.prototype, new Proxy(c, {}), Object.create(c),
    new Ticket(1), Object.create(Counter.prototype)]) {
    throws(() => value.call(stranger), { name: "TypeError" });
  }
  c.free();
});

test("a handle argument must have the brand", () => {
  const c = new Counter(1);
  for (const [value, got] of [[1, "1"], [null, "null"], [undefined, "undefined"], [{}, "an Object"], ["c", '"c"'],
    [0x7fff0000, "2147418112"], [1n, "1n"], [Object.create(Counter.prototype), null], [new Proxy(c, {}), null], [new Uint8Array(8), "a Uint8Array"]]) {
    const error = throws(() => Counter.same(c, value), { name: "TypeError", parameter: "b" });
    if (got) equal(error.message, `handles.Counter.same: b: expected a Counter, got ${got}`);
  }
  const t = new Ticket(1);
  throws(() => Counter.same(t, c), { message: "handles.Counter.same: a: expected a Counter, got a Ticket" });
  t.giveBack();
  equal(Counter.value_or(), -1000);
  equal(Counter.value_or(null), -1000);
  equal(Counter.value_or(c), 1);
  c.free();
});

test("a pointer that is already known gives the same object", () => {
  const c = new Counter(3);
  equal(c.self(), c);
  c.note = "kept";
  equal(c.self().note, "kept");
  const cursor = new Cursor(c);
  equal(cursor.counter(), c);
  cursor.close();
  c.free();
});

test("subclasses", () => {
  class Loud extends Counter {
    constructor(start) {
      super(start * 2);
      this.loud = true;
    }
    value() {
      return `${super.value()}!`;
    }
  }
  const c = new Loud(4);
  ok(c instanceof Loud && c instanceof Counter);
  equal(c.value(), "8!");
  equal(c.add(1), 9);
  equal(c.self(), c);
  ok(Counter.same(c, c));
  c[Symbol.dispose]();
});

test("a handle whose name is itself a pointer type", () => {
  const before = handles.tickets_alive();
  const t = new Ticket(17);
  equal(t.number(), 17);
  equal(handles.tickets_alive(), before + 1);
  t.giveBack();
  equal(handles.tickets_alive(), before);
  throws(() => t.number(), { message: /the Ticket is closed/ });
});

test("fields of a handle can be read, and not written", () => {
  const s = new Sensor(3, 20.5);
  equal(s.id, 3);
  equal(s.reading, 20.5);
  equal(s.unit, "kelvin");
  s.update(21);
  equal(s.reading, 21);
  throws(() => { "use strict"; s.id = 4; }, TypeError);
  equal(s.id, 3);
  equal(s.bounds.high, 100);
  throws(() => { s.bounds.high = 4; }, { name: "TypeError", message: "handles.bounds.high: the Sensor is the library's and cannot be changed" });
  throws(() => { s.marks[1] = 4; }, { name: "TypeError", message: /the Sensor is the library's/ });
  throws(() => { "use strict"; s.bounds = { low: 1 }; }, TypeError);
  deepEqual([...s.marks, s.bounds.high], [1, 2, 100]);
  s.free();
  throws(() => s.reading, { name: "Error", message: /the Sensor is closed/ });
});

test("lists of handles", () => {
  const a = new Counter(1);
  const b = new Counter(2);
  equal(handles.counter_sum([a, b, a]), 4);
  equal(handles.counter_sum([]), 0);
  throws(() => handles.counter_sum([a, null]), { name: "TypeError", message: /^handles\.counter_sum: list.*: expected a Counter, got null$/ });
  throws(() => handles.counter_sum(a), { name: "TypeError" });
  a.free();
  b.free();
});

test("names of classes, methods and tags", () => {
  equal(Counter.name, "Counter");
  equal(Counter.prototype.add.name, "add");
  deepEqual(Object.keys(new Ticket(0)), []);
  ok(!("counter_add" in Counter.prototype));
  equal(Object.prototype.toString.call(Counter.prototype), "[object Counter]");
});
