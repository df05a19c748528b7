// Error bundles: a failure of C becomes an error of its own class, with its code, its message, and nothing left behind.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as failures from "ffi:failures";

const { Failure, Store, StoreError } = failures;

test("a failure is an error of the bundle's class", () => {
  const error = throws(() => failures.fail_code(7), Failure);
  equal(error.name, "Failure");
  equal(error.code, 7);
  ok(error.message.includes("failure number 7"), error.message);
  ok(error instanceof Error);
  ok(/errors\.test\.mjs/.test(error.stack), error.stack);
  equal(error.library, "failures");
  ok(/fail_code$/.test(error.function), error.function);
});

test("success: the result vanishes where it says nothing", () => {
  equal(failures.fail_code(0), undefined);
  equal(failures.fail_code_value(0), 0);
  throws(() => failures.fail_code_value(3), { code: 3 });
});

test("a result that says something stays", () => {
  equal(failures.fail_negative(5), 5);
  equal(failures.fail_negative(0), 0);
  throws(() => failures.fail_negative(-5), { name: "Negative", code: -5 });
});

test("except: codes that are no failures come back", () => {
  equal(failures.fail_except(failures.FAIL_ROW), 100);
  equal(failures.fail_except(failures.FAIL_DONE), 101);
  equal(failures.fail_except(0), 0);
  throws(() => failures.fail_except(1), { name: "Failure", code: 1 });
});

test("no message is not the end", () => {
  const error = throws(() => failures.fail_code(99), Failure);
  equal(error.code, 99);
  ok(error.message.length > 0);
});

test("error_text: the library's own text, freed either way", () => {
  const before = failures.fail_whys();
  const error = throws(() => failures.fail_explained(3), Failure);
  ok(error.message.includes("because of 3"), error.message);
  equal(failures.fail_explained(0), undefined);
  ok(throws(() => failures.fail_explained(50), Failure).message.includes("failure number 50"));
  equal(failures.fail_whys(), before);
});

test("codes and messages by expressions, cleanup", () => {
  const error = throws(() => failures.fail_output(2), { name: "Detailed", code: 2000 });
  ok(error.message.includes("something in detail"));
  const before = failures.fail_cleanups();
  throws(() => failures.fail_cleanup(4), { name: "Cleaned", code: 4 });
  equal(failures.fail_cleanups(), before + 4);
  equal(failures.fail_cleanup(0), undefined);
  equal(failures.fail_cleanups(), before + 4);
  equal(failures.fail_name(1), "name");
  throws(() => failures.fail_name(-1), { name: "Nameless", code: 12 });
});

test("bundles over a handle", () => {
  const s = new Store();
  equal(s.put(10), undefined);
  const error = throws(() => s.put(13), StoreError);
  equal(error.code, 4003);
  ok(error.message.includes("cannot put 13"), error.message);
  equal(error.library, "failures");
  s.free();
});

test("the classes can be made and extended", () => {
  ok(Failure.prototype instanceof Error);
  const mine = new Failure("mine");
  ok(mine instanceof Failure && mine instanceof Error);
  equal(mine.message, "mine");
  equal(Failure.name, "Failure");
});
