// A run has a global `input` and gives the value of its last statement.
const give = {
  number: () => 6 * 7,
  text: () => "é 😀 \ud800 \0 \u2028",
  nothing: () => undefined,
  promise: async () => [await 1, { two: 2 }],
  error: () => {
    throw new RangeError(`two
lines "quoted"`);
  },
  value: () => { throw 5; },
  cause: () => { throw new Error("outer", { cause: new TypeError("inner") }); },
  rejected: () => Promise.reject(new TypeError("later")),
  never: () => new Promise(() => {}),
  cycle: () => { const a = {}; return (a.a = a); },
  eval: () => (0, eval)("\n  null.x"),
};
give[input.what](input);
