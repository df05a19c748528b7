// Inspection of errors: stack, class, own properties, cause and errors, where Node 20 shows the
// same.
import { inspect } from "isthmus:host";
import { equal, test } from "./assert.mjs";

class MyErr extends Error {
  constructor(message) {
    super(message);
    this.name = "MyErr";
  }
}
class MyErr2 extends Error {}
// An error with a stack that does not depend on where the test runs.
function staged(error, stack) {
  error.stack = stack ?? `${error}\n    at f (file.js:1:2)\n    at g (file.js:3:4)`;
  return error;
}

const cases = [
  [
    () => staged(new Error("boom")),
    ["Error: boom", "    at f (file.js:1:2)", "    at g (file.js:3:4)"].join("\n"),
  ],
  [
    () => staged(new TypeError("boom")),
    ["TypeError: boom", "    at f (file.js:1:2)", "    at g (file.js:3:4)"].join("\n"),
  ],
  [
    () => staged(new MyErr("boom")),
    ["MyErr: boom", "    at f (file.js:1:2)", "    at g (file.js:3:4)"].join("\n"),
  ],
  [
    () => staged(new MyErr2("boom")),
    ["MyErr2 [Error]: boom", "    at f (file.js:1:2)", "    at g (file.js:3:4)"].join("\n"),
  ],
  [
    () => staged(Object.assign(new Error("x"), { code: 1 })),
    ["Error: x", "    at f (file.js:1:2)", "    at g (file.js:3:4) {", "  code: 1", "}"].join("\n"),
  ],
  [
    () => staged(new Error("x", { cause: staged(new Error("y")) })),
    [
      "Error: x",
      "    at f (file.js:1:2)",
      "    at g (file.js:3:4) {",
      "  [cause]: Error: y",
      "      at f (file.js:1:2)",
      "      at g (file.js:3:4)",
      "}",
    ].join("\n"),
  ],
  [
    () => staged(new AggregateError([staged(new Error("1")), 2], "all")),
    [
      "AggregateError: all",
      "    at f (file.js:1:2)",
      "    at g (file.js:3:4) {",
      "  [errors]: [",
      "    Error: 1",
      "        at f (file.js:1:2)",
      "        at g (file.js:3:4),",
      "    2",
      "  ]",
      "}",
    ].join("\n"),
  ],
  [() => staged(new Error("x"), "Error: x"), "[Error: x]"],
  [() => staged(new Error(""), "Error"), "[Error]"],
  [
    () => ({ e: staged(new Error("x")) }),
    ["{", "  e: Error: x", "      at f (file.js:1:2)", "      at g (file.js:3:4)", "}"].join("\n"),
  ],
  [
    () => [staged(new Error("x\ny"))],
    ["[", "  Error: x", "  y", "      at f (file.js:1:2)", "      at g (file.js:3:4)", "]"].join(
      "\n",
    ),
  ],
  [
    () => staged(new Error("x", { cause: undefined })),
    [
      "Error: x",
      "    at f (file.js:1:2)",
      "    at g (file.js:3:4) {",
      "  [cause]: undefined",
      "}",
    ].join("\n"),
  ],
  [
    () => {
      const e = staged(new Error("x"));
      e.name = "Zed";
      return e;
    },
    ["Error: x", "    at f (file.js:1:2)", "    at g (file.js:3:4) {", "  name: 'Zed'", "}"].join(
      "\n",
    ),
  ],
  [
    () => {
      const e = staged(new Error("x"));
      e.message = "changed";
      return e;
    },
    ["Error: x", "    at f (file.js:1:2)", "    at g (file.js:3:4)"].join("\n"),
  ],
  [
    () => {
      const e = staged(new RangeError("r"));
      Object.setPrototypeOf(e, null);
      return e;
    },
    ["[RangeError: null prototype]: r", "    at f (file.js:1:2)", "    at g (file.js:3:4)"].join(
      "\n",
    ),
  ],
  [
    () => {
      const e = staged(new Error("x"));
      e.stack = undefined;
      return e;
    },
    "[Error: x]",
  ],
  [
    () => {
      const e = staged(new Error("x"));
      delete e.stack;
      return e;
    },
    "[Error: x]",
  ],
  [() => Object.create(Error.prototype), "[Error]"],
  [
    () => staged(Object.assign(new Error("self"), { name: "TypeError" })),
    ["Error [TypeError]: self", "    at f (file.js:1:2)", "    at g (file.js:3:4)"].join("\n"),
  ],
  [
    () => ({ a: { b: { c: staged(new Error("deep")) } } }),
    [
      "{",
      "  a: {",
      "    b: {",
      "      c: Error: deep",
      "          at f (file.js:1:2)",
      "          at g (file.js:3:4)",
      "    }",
      "  }",
      "}",
    ].join("\n"),
  ],
  [
    () => ({ a: { b: { c: staged(Object.assign(new Error("deep"), { x: 1 })) } } }),
    "{ a: { b: { c: [Error] } } }",
  ],
  [
    () => {
      const e = staged(new Error("loop"));
      e.cause = e;
      return e;
    },
    [
      "<ref *1> Error: loop",
      "    at f (file.js:1:2)",
      "    at g (file.js:3:4) {",
      "  cause: [Circular *1]",
      "}",
    ].join("\n"),
  ],
];

test("errors", () => {
  for (const [make, expected] of cases) equal(inspect(make()), expected, String(make).slice(6));
});
