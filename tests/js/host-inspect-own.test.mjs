// Inspection where it differs from Node 20 on purpose.
import { inspect } from "isthmus:host";
import { equal, test } from "./assert.mjs";

test("a symbol's description never breaks a line", () => {
  equal(inspect(Symbol("a\nb")), "Symbol(a\\nb)");
});

test("a weak reference says that it holds something, and does not hold on to it", () => {
  equal(inspect(new WeakRef({})), "WeakRef { <ref> }");
});

test("an exception of the web platform", () => {
  const error = new DOMException("no", "AbortError");
  equal(inspect(error).split("\n")[0], "DOMException [AbortError]: no");
});
