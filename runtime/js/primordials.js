"use strict";
// The built-ins as they were before any user code ran. Every other file here takes what it needs
// from `native.primordials` and never through a prototype, so that user code which replaces
// Array.prototype.push or puts a setter on Object.prototype changes nothing in the host.
//
// What that asks of the other files: no for-of, no spread of arrays, no array destructuring (they
// look up Symbol.iterator); no String.prototype methods that take a regular expression (they look
// up Symbol.replace, exec and flags); descriptors and option objects are written `{ __proto__:
// null, … }`; an array that grows is made by `list()`, whose null prototype keeps setters on
// Array.prototype away.

const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { bind, call } = Function.prototype;
const uncurry = bind.bind(call);
const getter = (object, key) => uncurry(getOwnPropertyDescriptor(object, key).get);
const { setPrototypeOf } = Object;
const hasOwn = uncurry(Object.prototype.hasOwnProperty);

const array = Array.prototype;
const string = String.prototype;
const regexp = RegExp.prototype;
const typedArray = getPrototypeOf(Uint8Array.prototype);
// Two flags that an older V8 does not have.
const flagGetter = (name) =>
  getOwnPropertyDescriptor(regexp, name) === undefined ? () => false : getter(regexp, name);
const stackDescriptor = getOwnPropertyDescriptor(new Error(), "stack");

// Also `native`: a property that it lacks is not looked for in Object.prototype.
setPrototypeOf(native, null);

native.primordials = {
  __proto__: null,
  uncurry,

  // Makes an array without prototype: writes to it reach no setter.
  list: (...items) => setPrototypeOf(items, null),

  isObject: (value) => (typeof value === "object" && value !== null) || typeof value === "function",

  // An own property's descriptor. That of an accessor has no prototype, so that what it does not
  // hold is undefined; of a data property only `isData`, `value` and the attributes may be asked.
  descriptorOf: (object, key) => {
    const descriptor = getOwnPropertyDescriptor(object, key);
    return descriptor === undefined || hasOwn(descriptor, "value")
      ? descriptor
      : setPrototypeOf(descriptor, null);
  },
  isData: (descriptor) => hasOwn(descriptor, "value"),

  Array,
  ArrayIsArray: Array.isArray,
  ArrayPrototype: array,
  ArrayPrototypeIncludes: uncurry(array.includes),
  ArrayPrototypeIndexOf: uncurry(array.indexOf),
  ArrayPrototypeJoin: uncurry(array.join),
  ArrayPrototypePop: uncurry(array.pop),
  ArrayPrototypePush: uncurry(array.push),
  ArrayPrototypeSort: uncurry(array.sort),
  ArrayPrototypeSplice: uncurry(array.splice),
  ArrayPrototypeUnshift: uncurry(array.unshift),

  ArrayBuffer,
  ArrayBufferIsView: ArrayBuffer.isView,
  ArrayBufferPrototypeGetByteLength: getter(ArrayBuffer.prototype, "byteLength"),
  SharedArrayBufferPrototypeGetByteLength: typeof SharedArrayBuffer === "function"
    ? getter(SharedArrayBuffer.prototype, "byteLength")
    : undefined,
  DataViewPrototypeGetBuffer: getter(DataView.prototype, "buffer"),
  DataViewPrototypeGetByteLength: getter(DataView.prototype, "byteLength"),
  DataViewPrototypeGetByteOffset: getter(DataView.prototype, "byteOffset"),
  TypedArrayPrototypeGetBuffer: getter(typedArray, "buffer"),
  TypedArrayPrototypeGetByteLength: getter(typedArray, "byteLength"),
  TypedArrayPrototypeGetByteOffset: getter(typedArray, "byteOffset"),
  TypedArrayPrototypeGetLength: getter(typedArray, "length"),
  TypedArrayPrototypeGetToStringTag: getter(typedArray, Symbol.toStringTag),
  TypedArrayPrototypeSet: uncurry(typedArray.set),
  Uint8Array,

  BigIntPrototypeToString: uncurry(BigInt.prototype.toString),
  BigIntPrototypeValueOf: uncurry(BigInt.prototype.valueOf),
  BooleanPrototypeValueOf: uncurry(Boolean.prototype.valueOf),
  NumberPrototypeToFixed: uncurry(Number.prototype.toFixed),
  NumberPrototypeToString: uncurry(Number.prototype.toString),
  NumberPrototypeValueOf: uncurry(Number.prototype.valueOf),
  SymbolPrototypeGetDescription: getter(Symbol.prototype, "description"),
  SymbolPrototypeToString: uncurry(Symbol.prototype.toString),
  SymbolPrototypeValueOf: uncurry(Symbol.prototype.valueOf),
  SymbolIterator: Symbol.iterator,
  SymbolToStringTag: Symbol.toStringTag,

  DatePrototypeGetTime: uncurry(Date.prototype.getTime),
  DatePrototypeToISOString: uncurry(Date.prototype.toISOString),

  Error,
  ErrorPrototype: Error.prototype,
  ErrorPrototypeToString: uncurry(Error.prototype.toString),
  ErrorCaptureStackTrace: Error.captureStackTrace,
  // V8's `stack` is an own data property up to 12, and later an own accessor with this one native
  // getter.
  errorStackGetter: stackDescriptor.get,
  RangeError,
  TypeError,

  FunctionPrototype: Function.prototype,
  FunctionPrototypeToString: uncurry(Function.prototype.toString),

  JSONStringify: JSON.stringify,

  Map,
  MapPrototypeDelete: uncurry(Map.prototype.delete),
  MapPrototypeGet: uncurry(Map.prototype.get),
  MapPrototypeGetSize: getter(Map.prototype, "size"),
  MapPrototypeHas: uncurry(Map.prototype.has),
  MapPrototypeSet: uncurry(Map.prototype.set),
  Set,
  SetPrototypeAdd: uncurry(Set.prototype.add),
  SetPrototypeDelete: uncurry(Set.prototype.delete),
  SetPrototypeGetSize: getter(Set.prototype, "size"),
  SetPrototypeHas: uncurry(Set.prototype.has),

  MathCeil: Math.ceil,
  MathFloor: Math.floor,
  MathMax: Math.max,
  MathMin: Math.min,
  MathRound: Math.round,
  MathSqrt: Math.sqrt,
  MathTrunc: Math.trunc,

  Number,
  NumberIsFinite: Number.isFinite,
  NumberParseFloat: Number.parseFloat,
  NumberParseInt: Number.parseInt,

  Object,
  ObjectCreate: Object.create,
  ObjectFreeze: Object.freeze,
  ObjectFreeze: Object.freeze,
  ObjectKeys: Object.keys,
  ObjectPrototype: Object.prototype,
  ObjectPrototypeHasOwn: hasOwn,
  ObjectPrototypePropertyIsEnumerable: uncurry(Object.prototype.propertyIsEnumerable),
  ObjectGetOwnPropertyNames: Object.getOwnPropertyNames,
  ObjectGetOwnPropertySymbols: Object.getOwnPropertySymbols,
  ObjectSetPrototypeOf: setPrototypeOf,

  ReflectApply: apply,
  ReflectConstruct: construct,
  ReflectDefineProperty: defineProperty,
  ReflectGetPrototypeOf: getPrototypeOf,
  ReflectOwnKeys: Reflect.ownKeys,

  RegExpPrototypeExec: uncurry(regexp.exec),
  RegExpPrototypeGetSource: getter(regexp, "source"),
  // One getter a letter: RegExp.prototype.flags itself reads properties that user code can
  // redefine.
  regExpFlagGetters: [
    ["d", flagGetter("hasIndices")],
    ["g", getter(regexp, "global")],
    ["i", getter(regexp, "ignoreCase")],
    ["m", getter(regexp, "multiline")],
    ["s", getter(regexp, "dotAll")],
    ["u", getter(regexp, "unicode")],
    ["v", flagGetter("unicodeSets")],
    ["y", getter(regexp, "sticky")],
  ],

  String,
  StringFromCharCode: String.fromCharCode,
  StringPrototypeCharCodeAt: uncurry(string.charCodeAt),
  StringPrototypeCodePointAt: uncurry(string.codePointAt),
  StringPrototypeEndsWith: uncurry(string.endsWith),
  StringPrototypeIncludes: uncurry(string.includes),
  StringPrototypeIndexOf: uncurry(string.indexOf),
  StringPrototypeLastIndexOf: uncurry(string.lastIndexOf),
  StringPrototypePadEnd: uncurry(string.padEnd),
  StringPrototypePadStart: uncurry(string.padStart),
  StringPrototypeRepeat: uncurry(string.repeat),
  StringPrototypeSlice: uncurry(string.slice),
  StringPrototypeStartsWith: uncurry(string.startsWith),
  StringPrototypeToLowerCase: uncurry(string.toLowerCase),
  StringPrototypeToUpperCase: uncurry(string.toUpperCase),
  StringPrototypeTrim: uncurry(string.trim),
  StringPrototypeValueOf: uncurry(string.valueOf),
};

// V8 10.2 has neither symbol; libraries' handles and structs carry both.
for (const name of ["dispose", "asyncDispose"]) {
  if (!(name in Symbol)) {
    defineProperty(Symbol, name, {
      value: Symbol(`Symbol.${name}`),
      writable: false,
      enumerable: false,
      configurable: false,
    });
  }
}
