// An error that nobody catches: place, source line, caret, stack, own properties and causes.
function fail(value) {
  throw Object.assign(new RangeError("too far", { cause: new TypeError("why") }), { code: value });
}
console.log("before");
fail(42);
