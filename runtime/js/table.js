"use strict";
// console.table: rows and columns in a box. Cells are inspected, never converted: getters show as
// `[Getter]`.

native.load("inspect.js");

const {
  ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, Map, MapPrototypeGet, MapPrototypeSet,
  MathMax, ObjectKeys, StringPrototypeRepeat, descriptorOf, isData, isObject, list,
} = native.primordials;
const { describe, inspect, kindOf, previewEntries, previewProxy } = native;
const { spaces, widthOf } = native.layout;

const cellText = (value) => {
  // Small objects are opened, larger ones named.
  const isLarge = isObject(value) && kindOf(value) === "object" && ObjectKeys(value).length > 2;
  const depth = isLarge ? -1 : 0;
  return inspect(value, { __proto__: null, depth, columns: 1 << 30, maxItems: 3 });
};

const propertyText = (object, key) => {
  let descriptor;
  try {
    descriptor = descriptorOf(object, key);
  } catch {
    return "<uninitialized>";
  }
  if (descriptor === undefined) return "";
  if (isData(descriptor)) return cellText(descriptor.value);
  if (descriptor.get !== undefined) {
    return descriptor.set !== undefined ? "[Getter/Setter]" : "[Getter]";
  }
  return descriptor.set !== undefined ? "[Setter]" : "undefined";
};

// What holds the rows or cells: a proxy's target, the fields of a native object, or the object
// itself.
const contents = (value) => {
  let object = value;
  while (kindOf(object) === "proxy") {
    object = previewProxy(object)[0];
    if (object === null) return list();
  }
  const description = describe(object);
  return description !== undefined && isObject(description[1]) ? description[1] : object;
};

const render = (heads, columns, height) => {
  const widths = list();
  for (let i = 0; i < heads.length; i++) {
    let width = widthOf(heads[i]);
    for (let row = 0; row < height; row++) width = MathMax(width, widthOf(columns[i][row] ?? ""));
    ArrayPrototypePush(widths, width + 2);
  }
  const rule = (left, middle, right) => {
    const parts = list();
    for (let i = 0; i < widths.length; i++) {
      ArrayPrototypePush(parts, StringPrototypeRepeat("─", widths[i]));
    }
    return left + ArrayPrototypeJoin(parts, middle) + right;
  };
  const line = (cell) => {
    let text = "│";
    for (let i = 0; i < widths.length; i++) {
      const content = cell(i);
      text += ` ${content}${spaces(widths[i] - 1 - widthOf(content))}│`;
    }
    return text;
  };
  let text = `${rule("┌", "┬", "┐")}\n${line((i) => heads[i])}\n${rule("├", "┼", "┤")}\n`;
  for (let row = 0; row < height; row++) text += `${line((i) => columns[i][row] ?? "")}\n`;
  return text + rule("└", "┴", "┘");
};

const entriesTable = (entries, isKeyValue) => {
  const index = list();
  const keys = list();
  const values = list();
  const step = isKeyValue ? 2 : 1;
  for (let i = 0; i < entries.length; i += step) {
    ArrayPrototypePush(index, `${i / step}`);
    if (isKeyValue) ArrayPrototypePush(keys, cellText(entries[i]));
    ArrayPrototypePush(values, cellText(entries[i + step - 1]));
  }
  return isKeyValue
    ? render(list("(iteration index)", "Key", "Values"), list(index, keys, values), index.length)
    : render(list("(iteration index)", "Values"), list(index, values), index.length);
};

// The column names that the caller asks for; undefined for all.
const wantedColumns = (names) => {
  if (!isObject(names)) return undefined;
  const source = contents(names);
  if (!ArrayIsArray(source)) return undefined;
  const wanted = list();
  for (let i = 0; i < source.length; i++) {
    const name = descriptorOf(source, i)?.value;
    if (typeof name === "string" || typeof name === "number") ArrayPrototypePush(wanted, `${name}`);
  }
  return wanted;
};

// The text of the table; undefined for data that is no table, which is logged as usual.
const formatTable = (data, names) => {
  if (!isObject(data) || typeof data === "function") return undefined;
  try {
    return tableOf(data, names);
  } catch {
    return undefined; // a module namespace that is not initialised yet
  }
};

const tableOf = (data, names) => {
  const rows = contents(data);
  const kind = kindOf(rows);
  const isWeak = kind === "weakmap" || kind === "weakset";
  const preview = isWeak ? undefined : previewEntries(rows);
  if (preview !== undefined) return entriesTable(preview[0], preview[1]);

  const wanted = wantedColumns(names);
  const index = ObjectKeys(rows);
  const heads = list("(index)");
  const columns = list(index);
  const byName = new Map();
  const values = list();
  let hasValues = false;
  for (let row = 0; row < index.length; row++) {
    const item = descriptorOf(rows, index[row])?.value;
    if (!isObject(item) && wanted === undefined) {
      values[row] = propertyText(rows, index[row]);
      hasValues = true;
      continue;
    }
    const cells = isObject(item) ? contents(item) : list();
    const keys = wanted ?? ObjectKeys(cells);
    for (let i = 0; i < keys.length; i++) {
      let column = MapPrototypeGet(byName, keys[i]);
      if (column === undefined) {
        column = list();
        MapPrototypeSet(byName, keys[i], column);
        ArrayPrototypePush(heads, keys[i]);
        ArrayPrototypePush(columns, column);
      }
      column[row] = propertyText(cells, keys[i]);
    }
  }
  if (hasValues) {
    ArrayPrototypePush(heads, "Values");
    ArrayPrototypePush(columns, values);
  }
  return render(heads, columns, index.length);
};

native.formatTable = formatTable;
