// Timers: order, arguments, clearing, and what their arguments must be.
import { deepEqual, equal, ok, test, throws, turn } from "./assert.mjs";

test("microtasks, then timers by due time, immediates after what is due", async () => {
  const seen = [];
  const far = setTimeout(() => seen.push("never"), 1e9);
  await new Promise((resolve) => {
    setImmediate(() => {
      seen.push("immediate");
      setTimeout(resolve, 5);
    });
    queueMicrotask(() => seen.push("microtask"));
    Promise.resolve().then(() => seen.push("promise"));
    seen.push("script");
  });
  clearTimeout(far);
  deepEqual(seen, ["script", "microtask", "promise", "immediate"]);

  // A timer is due so long after it was made: they are made again until that took less time than lies between them.
  let made = [];
  let begun;
  seen.length = 0;
  await new Promise((resolve) => {
    do {
      made.forEach(clearTimeout);
      begun = performance.now();
      made = [
        setTimeout(() => seen.push("50 ms"), 50),
        setTimeout(() => seen.push("100 ms"), 100),
        setTimeout(resolve, 100),
        setTimeout(() => seen.push("0 ms")),
      ];
    } while (performance.now() - begun > 40);
  });
  deepEqual(seen, ["0 ms", "50 ms", "100 ms"]);
});

test("timers of one delay run in the order of their making", async () => {
  const seen = [];
  for (let i = 0; i < 20; i++) setTimeout(() => seen.push(i), 2);
  await turn(20);
  deepEqual(
    seen,
    Array.from({ length: 20 }, (_, i) => i),
  );
});

test("microtasks run between two timers", async () => {
  const seen = [];
  for (const name of ["a", "b"]) {
    setTimeout(() => {
      seen.push(name);
      queueMicrotask(() => seen.push(`${name}'s microtask`));
    }, 1);
  }
  await turn(10);
  deepEqual(seen, ["a", "a's microtask", "b", "b's microtask"]);
});

test("arguments and receiver", async () => {
  const [args, receiver] = await new Promise((resolve) => {
    setTimeout(
      function (...given) {
        resolve([given, this]);
      },
      0,
      1,
      "two",
    );
  });
  deepEqual(args, [1, "two"]);
  ok(receiver === globalThis);
  deepEqual(await new Promise((resolve) => setImmediate((...given) => resolve(given), 3)), [3]);
});

test("ids are positive numbers, all different", () => {
  const ids = [setTimeout(() => {}), setInterval(() => {}, 1000), setImmediate(() => {})];
  ids.forEach((id) => ok(Number.isInteger(id) && id > 0));
  equal(new Set(ids).size, 3);
  ids.forEach((id) => clearInterval(id));
});

test("cleared timers do not run", async () => {
  let ran = 0;
  clearTimeout(setTimeout(() => ran++, 1));
  clearInterval(setInterval(() => ran++, 1));
  clearImmediate(setImmediate(() => ran++));
  // One timer may clear another that is due at the same time.
  const first = setTimeout(() => clearTimeout(second), 2);
  const second = setTimeout(() => ran++, 2);
  await turn(15);
  equal(ran, 0);
  clearTimeout(first);
});

test("an interval repeats until it is cleared, also from inside", async () => {
  let count = 0;
  await new Promise((resolve) => {
    const id = setInterval(() => {
      if (++count === 3) {
        clearInterval(id);
        resolve();
      }
    }, 1);
  });
  await turn(10);
  equal(count, 3);
});

test("clearing what is no timer does nothing", () => {
  for (const id of [undefined, null, 0, -1, 1e9, "x", NaN, {}]) {
    clearTimeout(id);
    clearInterval(id);
    clearImmediate(id);
  }
});

test("odd delays are as good as none", async () => {
  let ran = 0;
  for (const delay of [undefined, null, -5, NaN, "0", 2 ** 32, Infinity]) {
    setTimeout(() => ran++, delay);
  }
  await turn(20);
  equal(ran, 7);
});

test("what is no function is refused", () => {
  const wanted = (name, got) => ({
    name: "TypeError",
    message: `${name}: expected a function, got ${got}`,
  });
  throws(() => setTimeout("code()"), wanted("setTimeout", "a string"));
  throws(() => setInterval(null), wanted("setInterval", "null"));
  throws(() => setImmediate({}), wanted("setImmediate", "an object"));
  throws(() => queueMicrotask(1), wanted("queueMicrotask", "a number"));
  throws(() => setTimeout(), {
    name: "TypeError",
    message: "setTimeout: 1 argument required, but only 0 present",
  });
  throws(() => setTimeout(() => {}, 1n), TypeError);
  throws(() => setTimeout(() => {}, Symbol()), TypeError);
});
