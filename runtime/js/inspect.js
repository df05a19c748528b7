"use strict";
// Values as readable text, in the manner of Node: `inspect(value, { colors, depth, columns,
// maxItems, showHidden })`.
//
// It never runs user code: properties are read from descriptors (a getter is shown as `[Getter]`),
// proxies are looked through natively, names and tags count only where they are data properties. It
// never throws: what cannot be shown, also for lack of stack, is said to be so.

native.load("values.js");

const {
  ArrayIsArray, ArrayPrototypeIndexOf, ArrayPrototypePop, ArrayPrototypePush,
  ArrayBufferPrototypeGetByteLength, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength,
  DataViewPrototypeGetByteOffset, ErrorPrototype, Map, MapPrototypeGet, MapPrototypeGetSize,
  MapPrototypeSet, MathMin, NumberPrototypeToString, ObjectGetOwnPropertyNames,
  ObjectGetOwnPropertySymbols, ObjectKeys, ObjectPrototypePropertyIsEnumerable, ReflectOwnKeys,
  SetPrototypeGetSize, SharedArrayBufferPrototypeGetByteLength, StringPrototypePadStart,
  TypedArrayPrototypeGetLength, Uint8Array, descriptorOf, errorStackGetter, isData, isObject, list,
} = native.primordials;
const { describe, kindOf, ownNonIndexKeys, previewEntries, previewProxy, promiseState } = native;
const { assemble, escapeLoose, intoColumns, isIdentifier, quote } = native.layout;
const {
  boxedText, dateText, errorKeys, errorText, functionText, identityOf, inherits, ownDataOf, plural,
  prefixOf, regExpText, showNumber, showPrimitive, style, symbolText, unspaced, valueOf,
} = native.values;

const maxTotalLength = 1 << 27;
const innerLevels = 3;

const keysOf = (ctx, object, kind) => {
  try {
    if (kind === "array" || kind === "typedarray" || kind === "string-object") {
      return ownNonIndexKeys(object, !ctx.showHidden);
    }
    if (kind === "namespace") return ObjectGetOwnPropertyNames(object);
    if (ctx.showHidden) return ReflectOwnKeys(object);
    const keys = ObjectKeys(object);
    const symbols = ObjectGetOwnPropertySymbols(object);
    if (symbols.length === 0) return keys;
    const all = list();
    for (let i = 0; i < keys.length; i++) ArrayPrototypePush(all, keys[i]);
    for (let i = 0; i < symbols.length; i++) {
      if (ObjectPrototypePropertyIsEnumerable(object, symbols[i])) {
        ArrayPrototypePush(all, symbols[i]);
      }
    }
    return all;
  } catch {
    return list();
  }
};

// Values and properties.

const show = (ctx, value, depth) => {
  if (!isObject(value)) return showPrimitive(ctx, value);
  let object = value;
  let kind = kindOf(object);
  while (kind === "proxy") {
    object = previewProxy(object)[0];
    if (object === null) return style(ctx, "<Revoked Proxy>", "special");
    kind = kindOf(object);
  }
  if (ArrayPrototypeIndexOf(ctx.seen, object) !== -1) {
    if (ctx.circular === undefined) ctx.circular = new Map();
    let index = MapPrototypeGet(ctx.circular, object);
    if (index === undefined) {
      index = MapPrototypeGetSize(ctx.circular) + 1;
      MapPrototypeSet(ctx.circular, object, index);
    }
    return style(ctx, `[Circular *${index}]`, "special");
  }
  return showObject(ctx, object, kind, depth);
};

const showIndented = (ctx, value, depth, by) => {
  ctx.indent += by;
  const text = show(ctx, value, depth);
  ctx.indent -= by;
  return text;
};

const showDescribed = (ctx, object, descriptor, depth) => {
  if (isData(descriptor)) return showIndented(ctx, descriptor.value, depth, 2);
  const { get, set } = descriptor;
  if (get !== undefined && get === errorStackGetter) {
    return showIndented(ctx, valueOf(object, descriptor), depth, 2);
  }
  if (get !== undefined) {
    return style(ctx, set !== undefined ? "[Getter/Setter]" : "[Getter]", "special");
  }
  return set !== undefined
    ? style(ctx, "[Setter]", "special")
    : style(ctx, "undefined", "undefined");
};

const showKey = (ctx, key, enumerable) => {
  if (typeof key === "symbol") return `[${style(ctx, symbolText(key), "symbol")}]`;
  if (key === "__proto__") return "['__proto__']";
  if (!enumerable) return `[${escapeLoose(key)}]`;
  return isIdentifier(key) ? key : style(ctx, quote(key), "string");
};

const showProperty = (ctx, object, key, depth) => {
  let descriptor;
  try {
    descriptor = descriptorOf(object, key);
  } catch {
    return `${showKey(ctx, key, true)}: ${style(ctx, "<uninitialized>", "special")}`;
  }
  if (descriptor === undefined) return `${showKey(ctx, key, true)}: undefined`;
  const text = showDescribed(ctx, object, descriptor, depth);
  return `${showKey(ctx, key, descriptor.enumerable)}: ${text}`;
};

// The items of each kind of object. They get the object and give a list of texts, to which its
// properties are added.

const pushMore = (items, remaining, what = "item") => {
  if (remaining > 0) ArrayPrototypePush(items, `... ${plural(remaining, what)}`);
};

const arrayItems = (ctx, array, depth) => {
  const items = list();
  const { length } = array;
  const shown = MathMin(ctx.maxItems, length);
  let next = 0;
  for (; next < shown; next++) {
    const descriptor = descriptorOf(array, next);
    if (descriptor === undefined) return sparseItems(ctx, array, depth, items, next);
    ArrayPrototypePush(items, showDescribed(ctx, array, descriptor, depth));
  }
  pushMore(items, length - shown);
  return items;
};

// Goes on from the first hole; a run of holes is one item.
const sparseItems = (ctx, array, depth, items, from) => {
  const { length } = array;
  const keys = ObjectKeys(array);
  let next = from;
  let i = from;
  for (; i < keys.length && items.length < ctx.maxItems; i++) {
    const index = +keys[i];
    // Index keys come first, in order; the first other key ends them.
    if (!(index >= next && index < length && `${index}` === keys[i])) break;
    if (index !== next) {
      ArrayPrototypePush(items, emptyItems(ctx, index - next));
      next = index;
      if (items.length >= ctx.maxItems) break;
    }
    const descriptor = descriptorOf(array, keys[i]);
    ArrayPrototypePush(items, showDescribed(ctx, array, descriptor, depth));
    next++;
  }
  if (items.length < ctx.maxItems) {
    if (next < length) ArrayPrototypePush(items, emptyItems(ctx, length - next));
  } else {
    pushMore(items, length - next);
  }
  return items;
};

const emptyItems = (ctx, count) =>
  style(ctx, `<${count} empty item${count === 1 ? "" : "s"}>`, "undefined");

const typedArrayItems = (ctx, array) => {
  const items = list();
  const length = TypedArrayPrototypeGetLength(array);
  const shown = MathMin(ctx.maxItems, length);
  for (let i = 0; i < shown; i++) ArrayPrototypePush(items, showPrimitive(ctx, array[i]));
  pushMore(items, length - shown);
  return items;
};

const setItems = (ctx, set, depth) => {
  const items = list();
  const entries = previewEntries(set)[0];
  const shown = MathMin(ctx.maxItems, entries.length);
  for (let i = 0; i < shown; i++) {
    ArrayPrototypePush(items, showIndented(ctx, entries[i], depth, 2));
  }
  pushMore(items, entries.length - shown);
  return items;
};

const mapItems = (ctx, map, depth) => {
  const items = list();
  const entries = previewEntries(map)[0];
  const count = entries.length / 2;
  const shown = MathMin(ctx.maxItems, count);
  for (let i = 0; i < shown; i++) {
    const key = showIndented(ctx, entries[2 * i], depth, 2);
    ArrayPrototypePush(items, `${key} => ${showIndented(ctx, entries[2 * i + 1], depth, 2)}`);
  }
  pushMore(items, count - shown);
  return items;
};

// What map.entries() and set.entries() give: pairs.
const pairItems = (ctx, iterator, depth) => {
  const items = list();
  const entries = previewEntries(iterator)[0];
  const count = entries.length / 2;
  const shown = MathMin(ctx.maxItems, count);
  for (let i = 0; i < shown; i++) {
    ctx.indent += 2;
    const pair = list(show(ctx, entries[2 * i], depth), show(ctx, entries[2 * i + 1], depth));
    const inline = ctx.last - depth < innerLevels;
    const text = assemble("", "[", pair, "]", inline, ctx.indent, ctx.columns, ctx.colors);
    ctx.indent -= 2;
    ArrayPrototypePush(items, text);
  }
  pushMore(items, count - shown);
  return items;
};

const isDetached = (buffer) => {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
};

const bufferItems = (ctx, buffer) => {
  const length = kindOf(buffer) === "arraybuffer"
    ? ArrayBufferPrototypeGetByteLength(buffer)
    : SharedArrayBufferPrototypeGetByteLength(buffer);
  if (length === 0 && isDetached(buffer)) {
    return list(style(ctx, "(detached)", "special"), `byteLength: ${showNumber(ctx, 0)}`);
  }
  const shown = MathMin(ctx.maxItems, length);
  const bytes = new Uint8Array(buffer, 0, shown);
  let text = "";
  for (let i = 0; i < shown; i++) {
    const byte = StringPrototypePadStart(NumberPrototypeToString(bytes[i], 16), 2, "0");
    text += i === 0 ? byte : ` ${byte}`;
  }
  if (length > shown) text += ` ... ${plural(length - shown, "byte")}`;
  return list(
    `${style(ctx, "[Uint8Contents]", "special")}: <${text}>`,
    `byteLength: ${showNumber(ctx, length)}`,
  );
};

const dataViewItems = (ctx, view, depth) => {
  const buffer = DataViewPrototypeGetBuffer(view);
  if (isDetached(buffer)) return list(`buffer: ${showIndented(ctx, buffer, depth, 2)}`);
  return list(
    `byteLength: ${showNumber(ctx, DataViewPrototypeGetByteLength(view))}`,
    `byteOffset: ${showNumber(ctx, DataViewPrototypeGetByteOffset(view))}`,
    `buffer: ${showIndented(ctx, buffer, depth, 2)}`,
  );
};

const unknownItems = (ctx) => list(style(ctx, "<items unknown>", "special"));
const referenceItems = (ctx) => list(style(ctx, "<ref>", "special"));

const promiseItems = (ctx, promise, depth) => {
  const state = promiseState(promise);
  if (state[0] === "pending") return list(style(ctx, "<pending>", "special"));
  const text = showIndented(ctx, state[1], depth, 2);
  return list(state[0] === "rejected" ? `${style(ctx, "<rejected>", "special")} ${text}` : text);
};

// Shapes: how an object of each kind is shown. `text` stands alone when there is nothing else to
// show, and before the braces otherwise; `items` makes what comes before the properties; a list may
// be set in columns.
const newShape = () => ({
  __proto__: null,
  text: "",
  style: "none",
  open: "{",
  close: "}",
  items: undefined,
  fields: undefined,
  isList: false,
  isEmpty: false,
});

const shapeOf = (ctx, object, kind, name, tag) => {
  const shape = newShape();
  switch (kind) {
    case "array": {
      const { length } = object;
      const isPlain = name === "Array" && tag === "";
      shape.open = isPlain ? "[" : `${prefixOf(name, tag, "Array", `(${length})`)}[`;
      shape.close = "]";
      shape.isEmpty = length === 0;
      shape.isList = true;
      shape.items = arrayItems;
      break;
    }
    case "arguments":
      shape.open = "[Arguments] {";
      shape.isEmpty = true;
      break;
    case "typedarray": {
      const length = TypedArrayPrototypeGetLength(object);
      shape.open = `${prefixOf(name, tag, name === null ? tag : "", `(${length})`)}[`;
      shape.close = "]";
      shape.isEmpty = length === 0;
      shape.isList = true;
      shape.items = typedArrayItems;
      break;
    }
    case "set": {
      const size = SetPrototypeGetSize(object);
      shape.open = `${prefixOf(name, tag, "Set", `(${size})`)}{`;
      shape.isEmpty = size === 0;
      shape.items = setItems;
      break;
    }
    case "map": {
      const size = MapPrototypeGetSize(object);
      shape.open = `${prefixOf(name, tag, "Map", `(${size})`)}{`;
      shape.isEmpty = size === 0;
      shape.items = mapItems;
      break;
    }
    case "map-iterator":
    case "set-iterator": {
      const type = kind === "map-iterator" ? "Map" : "Set";
      const preview = previewEntries(object);
      shape.open = `[${preview[1] ? `${type} Entries` : tag}] {`;
      shape.items = preview[1] ? pairItems : setItems;
      break;
    }
    case "function":
      shape.text = functionText(object, name, tag);
      shape.style = "special";
      break;
    case "regexp":
      shape.text = withPrefix(regExpText(object), name, tag, "RegExp");
      shape.style = "regexp";
      break;
    case "date":
      shape.text = withPrefix(dateText(object), name, tag, "Date");
      shape.style = "date";
      break;
    case "arraybuffer":
      shape.open = `${prefixOf(name, tag, "ArrayBuffer")}{`;
      shape.items = bufferItems;
      break;
    case "sharedarraybuffer":
      shape.open = `${prefixOf(name, tag, "SharedArrayBuffer")}{`;
      shape.items = bufferItems;
      break;
    case "dataview":
      shape.open = `${prefixOf(name, tag, "DataView")}{`;
      shape.items = dataViewItems;
      break;
    case "promise":
      shape.open = `${prefixOf(name, tag, "Promise")}{`;
      shape.items = promiseItems;
      break;
    case "weakset":
    case "weakmap":
      shape.open = `${prefixOf(name, tag, kind === "weakset" ? "WeakSet" : "WeakMap")}{`;
      shape.items = unknownItems;
      break;
    case "weakref":
      shape.open = `${prefixOf(name, tag, "WeakRef")}{`;
      shape.items = referenceItems;
      break;
    case "namespace":
      shape.open = `${prefixOf(name, tag, "Module")}{`;
      break;
    case "number-object":
    case "boolean-object":
    case "bigint-object":
      shape.text = boxedText(ctx, object, kind, name, tag);
      shape.style = "number";
      break;
    case "symbol-object":
    case "string-object":
      shape.text = boxedText(ctx, object, kind, name, tag);
      shape.style = "string";
      break;
    case "external":
      shape.text = "[External]";
      shape.style = "special";
      break;
    default:
      if (name !== "Object" || tag !== "") shape.open = `${prefixOf(name, tag, "Object")}{`;
      shape.isEmpty = true;
      break;
  }
  return shape;
};

const withPrefix = (text, name, tag, type) => {
  const prefix = prefixOf(name, tag, type);
  return prefix === `${type} ` ? text : prefix + text;
};

const showPrototype = (ctx, prototype) => {
  const briefly = { __proto__: null, ...ctx, depth: -1, colors: false };
  return showObject(briefly, prototype, kindOf(prototype), 0);
};

const showObject = (ctx, object, kind, depth) => {
  if (kind === "object") {
    const description = describe(object);
    if (description !== undefined) return showNative(ctx, object, description, depth);
  }
  const { name, tag } = identityOf(ctx, object, kind, depth, showPrototype);
  let keys = keysOf(ctx, object, kind);
  let shape;
  // Also objects that only inherit from Error, as older libraries make them.
  const isError =
    kind === "error" ||
    (kind === "object" && name !== "Object" && inherits(object, ErrorPrototype));
  if (isError) {
    shape = newShape();
    keys = errorKeys(ctx, object, keys);
    shape.text = errorText(ctx, object, name, tag);
  } else {
    shape = shapeOf(ctx, object, kind, name, tag);
  }
  if (keys.length === 0) {
    if (shape.text !== "") return style(ctx, shape.text, shape.style);
    if (shape.isEmpty) return `${shape.open}${shape.close}`;
  }
  if (depth > ctx.depth) {
    const known = unspaced(prefixOf(name, tag, "Object"));
    return style(ctx, name === null ? known : `[${known}]`, "special");
  }
  return enclose(ctx, object, depth, name, shape, keys);
};

const fieldItems = (ctx, fields, depth) => {
  const items = list();
  const keys = ReflectOwnKeys(fields);
  for (let i = 0; i < keys.length; i++) {
    ArrayPrototypePush(items, showProperty(ctx, fields, keys[i], depth));
  }
  return items;
};

// Structs, handles, views and enums of native libraries: their fields, and what user code has added.
const showNative = (ctx, object, description, depth) => {
  const type = description[0];
  const fields = description[1];
  const state = description[2];
  const { name } = identityOf(ctx, object, "object", depth, showPrototype);
  const title = name === null || name === type ? type : `${name} [${type}]`;
  if (state !== "") return style(ctx, `${title} [${state}]`, "special");
  const shape = newShape();
  shape.open = `${title} {`;
  let keys;
  if (ArrayIsArray(fields)) {
    keys = list();
    shape.open = `${title} [`;
    shape.close = "]";
    shape.isList = true;
    shape.items = arrayItems;
    shape.fields = fields;
    shape.isEmpty = fields.length === 0;
  } else {
    keys = keysOf(ctx, object, "object");
    shape.isEmpty = true;
    if (isObject(fields)) {
      shape.items = fieldItems;
      shape.fields = fields;
      shape.isEmpty = ReflectOwnKeys(fields).length === 0;
    }
  }
  if (keys.length === 0 && shape.isEmpty) return `${shape.open}${shape.close}`;
  if (depth > ctx.depth) return style(ctx, `[${title}]`, "special");
  return enclose(ctx, object, depth, title, shape, keys);
};

// Makes the items with the object on the path to them, and lays them out.
const enclose = (ctx, object, depth, name, shape, keys) => {
  const inner = depth + 1;
  const source = shape.fields ?? object;
  const above = ctx.seen.length;
  const { indent } = ctx;
  let items;
  ArrayPrototypePush(ctx.seen, object);
  ctx.last = inner;
  try {
    items = shape.items === undefined ? list() : shape.items(ctx, source, inner);
    for (let i = 0; i < keys.length; i++) {
      ArrayPrototypePush(items, showProperty(ctx, object, keys[i], inner));
    }
  } catch {
    ctx.seen.length = above;
    ctx.indent = indent;
    return style(ctx, `[${name ?? "Object"}: too deep to be shown]`, "special");
  }
  ArrayPrototypePop(ctx.seen);

  let before = style(ctx, shape.text, shape.style);
  if (ctx.circular !== undefined) {
    const index = MapPrototypeGet(ctx.circular, object);
    if (index !== undefined) {
      const reference = style(ctx, `<ref *${index}>`, "special");
      before = before === "" ? reference : `${reference} ${before}`;
    }
  }
  const count = items.length;
  if (shape.isList && count > 6) {
    const alignRight = isNumeric(source, count);
    items = intoColumns(items, count > ctx.maxItems, alignRight, ctx.indent, ctx.columns);
  }
  const inline = ctx.last - inner < innerLevels && items.length === count;
  const { open, close } = shape;
  const text = assemble(before, open, items, close, inline, ctx.indent, ctx.columns, ctx.colors);
  ctx.spent += text.length;
  if (ctx.spent > maxTotalLength) ctx.depth = -1;
  return text;
};

// Whether the first `count` elements are numbers: they are aligned to the right.
const isNumeric = (array, count) => {
  for (let i = 0; i < count; i++) {
    const type = typeof ownDataOf(array, i);
    if (type !== "number" && type !== "bigint") return false;
  }
  return true;
};

// An option's own value; options come from the host or, by console.dir, from user code.
const option = (options, key, fallback) => {
  if (!isObject(options)) return fallback;
  const value = ownDataOf(options, key);
  return value === undefined ? fallback : value;
};

const inspect = (value, options) => {
  const depth = option(options, "depth", 2);
  const columns = option(options, "columns", 80);
  const ctx = {
    __proto__: null,
    colors: option(options, "colors", false) === true,
    depth: typeof depth === "number" ? depth : 1 / 0,
    columns: typeof columns === "number" ? columns : 80,
    showHidden: option(options, "showHidden", false) === true,
    maxItems: option(options, "maxItems", 100),
    indent: 0,
    last: 0,
    spent: 0,
    identities: new Map(),
    seen: list(),
    circular: undefined,
  };
  native.looking = (native.looking ?? 0) + 1;
  try {
    return show(ctx, value, 0);
  } catch {
    return "[value that cannot be shown]";
  } finally {
    native.looking--;
  }
};

native.inspect = inspect;
native.register("inspect", inspect);
