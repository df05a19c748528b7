// Parts of the host that are made at their first use: when that comes where the stack is exhausted,
// it fails, and the next use succeeds.
import { inspect } from "isthmus:host";
import { equal, test } from "./assert.mjs";

function atTheEnd(use) {
  let left = 200;
  const dive = () => {
    try {
      dive();
    } catch (error) {
      if (left-- > 0) {
        try {
          use();
        } catch {
          // No stack for it here.
        }
      }
      throw error;
    }
  };
  try {
    dive();
  } catch {
    // The end was reached.
  }
}

test("first used without stack", () => {
  atTheEnd(() => inspect({ a: 1 }));
  equal(inspect({ a: 1 }), "{ a: 1 }");
  atTheEnd(() => console.group());
  equal(typeof console.log, "function");
  atTheEnd(() => new DOMException("m", "AbortError"));
  equal(new DOMException("m", "AbortError").code, 20);
  atTheEnd(() => new TextDecoder());
  equal(new TextDecoder().encoding, "utf-8");
  atTheEnd(() => structuredClone(() => {}));
  atTheEnd(() => performance.now());
  equal(typeof performance.now(), "number");
  console.groupEnd();
});
