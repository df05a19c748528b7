// [[errno]]: zero before, captured at once after, never lost to what the runtime does in between.
import { test, equal, throws } from "./assert.mjs";
import { errno } from "isthmus:ffi";
import * as failures from "ffi:failures";

test("captured", () => {
  equal(failures.errno_set(13), -1);
  equal(errno(), 13);
  for (let i = 0; i < 1000; i++) new Array(1000).fill(i);
  equal(errno(), 13);
});

test("zero before", () => {
  failures.errno_set(5);
  equal(failures.errno_get(), 0);
  equal(errno(), 0);
  failures.errno_quiet(1);
  equal(errno(), 0);
});

test("by itself it throws nothing; in a bundle it is the code", () => {
  equal(failures.errno_throw(0), 5);
  const error = throws(() => failures.errno_throw(2), { name: "System", code: 2 });
  equal(error.code, 2);
  equal(errno(), 2);
});
