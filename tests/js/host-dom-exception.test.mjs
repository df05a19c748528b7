// DOMException: names, legacy codes, and that it is an error like any other.
import { deepEqual, equal, ok, test, throws } from "./assert.mjs";

test("name, message and code", () => {
  const error = new DOMException("what happened", "DataCloneError");
  equal(error.name, "DataCloneError");
  equal(error.message, "what happened");
  equal(error.code, 25);
  equal(String(error), "DataCloneError: what happened");
  const plain = new DOMException();
  equal(plain.name, "Error");
  equal(plain.message, "");
  equal(plain.code, 0);
});

test("legacy codes", () => {
  const codes = {
    IndexSizeError: 1,
    HierarchyRequestError: 3,
    NotFoundError: 8,
    NotSupportedError: 9,
    InUseAttributeError: 10,
    SyntaxError: 12,
    InvalidAccessError: 15,
    TypeMismatchError: 17,
    SecurityError: 18,
    AbortError: 20,
    TimeoutError: 23,
    InvalidNodeTypeError: 24,
    EncodingError: 0,
    "": 0,
  };
  for (const [name, code] of Object.entries(codes))
    equal(new DOMException("", name).code, code, name);
  equal(DOMException.DATA_CLONE_ERR, 25);
  equal(DOMException.prototype.ABORT_ERR, 20);
  equal(Object.keys(DOMException).length, 25);
  throws(() => {
    DOMException.ABORT_ERR = 1;
  }, TypeError);
});

test("it is an error with a stack", () => {
  const error = new DOMException("m", "AbortError");
  ok(error instanceof Error);
  ok(error instanceof DOMException);
  ok(error.stack.startsWith("AbortError: m\n    at "), error.stack);
  equal(Object.prototype.toString.call(error), "[object DOMException]");
  deepEqual(Object.keys(error), []);
});

test("subclasses", () => {
  class Mine extends DOMException {
    extra = 1;
  }
  const error = new Mine("m", "AbortError");
  ok(error instanceof Mine && error instanceof DOMException);
  equal(error.code, 20);
  equal(error.extra, 1);
});

test("what it refuses", () => {
  throws(() => DOMException("m"), TypeError);
  throws(() => DOMException.prototype.name, TypeError);
  throws(() => Object.create(DOMException.prototype).code, TypeError);
  throws(() => new DOMException(Symbol()), TypeError);
});
