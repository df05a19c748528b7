// cJSON: documents parsed, built, changed and printed; who owns an item, and until when a borrowed one is valid.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as cjson from "ffi:cjson";
import { readFile } from "isthmus:host";

const source = '{"name":"ünïcode","list":[1,2.5,-3e2],"nested":{"deep":{"er":true}},"none":null}';

test("parse and read", () => {
  const root = cjson.Parse(source);
  ok(root instanceof cjson.Item);
  equal(root.IsObject(), 1);
  equal(root.type, cjson.cJSON_Object);
  equal(root.GetArraySize(), 4);
  equal(root.GetObjectItem("NAME").GetStringValue(), "ünïcode");
  equal(root.GetObjectItemCaseSensitive("NAME"), null);
  equal(root.HasObjectItem("list"), 1);
  const list = root.GetObjectItem("list");
  equal(list.string, "list");
  deepEqual([0, 1, 2].map((i) => list.GetArrayItem(i).valuedouble), [1, 2.5, -300]);
  equal(list.GetArrayItem(1).valueint, 2);
  equal(list.GetArrayItem(3), null);
  equal(list.GetArrayItem(-1), null);
  equal(root.GetObjectItem("nested").GetObjectItem("deep").GetObjectItem("er").IsTrue(), 1);
  equal(root.GetObjectItem("none").IsNull(), 1);
  equal(list.GetStringValue(), null);
  equal(list.GetNumberValue(), NaN);
  equal(root.PrintUnformatted(), source.replace("-3e2", "-300"));
  deepEqual(JSON.parse(root.Print()), JSON.parse(source));
  root.Delete();
});

test("parsing a part, and where it ends", () => {
  const { result, end } = cjson.ParseWithOpts('["é"] and more');
  equal(result.PrintUnformatted(), '["é"]');
  equal(end, 5, "in the units of the string");
  result.Delete();
  equal(cjson.ParseWithOpts('["é"] and more', 1).result, null);
  const wrong = cjson.ParseWithOpts('{"a": nope}');
  equal(wrong.result, null);
  equal(wrong.end, 6);
  throws(() => cjson.Parse("{"), { name: "ParseError", message: /not valid JSON/ });
  throws(() => cjson.Parse(42), { name: "TypeError" });
  throws(() => cjson.Parse("1\x002"), { message: /NUL/ });
  throws(() => cjson.Parse("[".repeat(5000)), { name: "ParseError" });
});

test("building", () => {
  const root = cjson.CreateObject();
  root.AddItemToObject("numbers", cjson.CreateIntArray(Int32Array.of(1, 2, 3)));
  root.AddItemToObject("halves", cjson.CreateDoubleArray(Float64Array.of(0.5, 1.5)));
  root.AddItemToObject("words", cjson.CreateStringArray(["one", "two"]));
  root.AddNumberToObject("n", 7);
  root.AddStringToObject("s", "text");
  root.AddBoolToObject("b", 1);
  root.AddNullToObject("z");
  root.AddRawToObject("raw", "[0]");
  const inner = root.AddObjectToObject("inner");
  inner.AddTrueToObject("t");
  const array = root.AddArrayToObject("array");
  array.AddItemToArray(cjson.CreateString("b"));
  array.InsertItemInArray(0, cjson.CreateString("a"));
  deepEqual(JSON.parse(root.Print()), {
    numbers: [1, 2, 3], halves: [0.5, 1.5], words: ["one", "two"], n: 7, s: "text", b: true, z: null, raw: [0],
    inner: { t: true }, array: ["a", "b"],
  });
  root.Delete();
});

test("changing", () => {
  const root = cjson.Parse(source);
  const copy = root.Duplicate();
  equal(root.Compare(copy), 1);
  equal(root.GetObjectItem("list").GetArrayItem(0).SetNumber(9), 9);
  equal(root.GetObjectItem("name").SetValuestring("a longer name than before"), "a longer name than before");
  equal(root.GetObjectItem("list").SetValuestring("x"), null);
  equal(root.Compare(copy), 0);
  root.ReplaceItemInObject("list", cjson.CreateTrue());
  root.DeleteItemFromObject("nested");
  const none = root.DetachItemFromObject("none");
  equal(none.IsNull(), 1);
  equal(root.PrintUnformatted(), '{"name":"a longer name than before","list":true}');
  none.Delete();
  root.Delete();
  equal(copy.GetArraySize(), 4);
  copy.Delete();
});

test("what is added is given away", () => {
  const root = cjson.CreateArray();
  const item = cjson.CreateObject();
  const inside = item.AddNumberToObject("n", 1);
  root.AddItemToArray(item);
  throws(() => item.Print(), { name: "Error", message: /AddItemToArray/ });
  throws(() => inside.GetNumberValue(), { name: "Error" });
  throws(() => root.AddItemToArray(item), { name: "Error" });
  throws(() => item.Delete(), { name: "Error" });
  equal(root.GetArrayItem(0).GetObjectItem("n").GetNumberValue(), 1);
  root.Delete();
});

test("what is borrowed cannot be freed or given away", () => {
  const root = cjson.Parse("[[1],[2]]");
  const first = root.GetArrayItem(0);
  throws(() => first.Delete(), { name: "Error" });
  const other = cjson.CreateArray();
  throws(() => other.AddItemToArray(first), { name: "Error" });
  equal(root.PrintUnformatted(), "[[1],[2]]");
  equal(root.GetArrayItem(0), first, "the same object");
  other.Delete();
  root.Delete();
  throws(() => first.Print(), { name: "Error" });
});

test("borrowed items end when one beside them is removed, and what is in them too", () => {
  const root = cjson.Parse('{"a":{"b":{"c":[1]}},"d":2}');
  for (const remove of [
    () => root.DeleteItemFromObject("no such"),
    () => root.DetachItemFromObject("a").Delete(),
  ]) {
    const a = root.GetObjectItem("a");
    const b = a.GetObjectItem("b");
    const c = b.GetObjectItem("c");
    remove();
    for (const gone of [a, b, c]) throws(() => gone.IsObject(), { name: "Error", message: /cJSON_|Object/ });
  }
  equal(root.PrintUnformatted(), '{"d":2}');
  root.Delete();
});

test("an item added to itself, or under itself, is lost but harms nothing", () => {
  const self = cjson.CreateArray();
  throws(() => self.AddItemToArray(self), { name: /Error/ });
  const root = cjson.CreateObject();
  const child = root.AddObjectToObject("child");
  try {
    child.AddItemToObject("root", root);
  } catch (error) {
    ok(error instanceof Error);
  }
  for (const item of [root, child]) {
    try {
      ok(item.PrintUnformatted().length < 1000);
    } catch (error) {
      ok(error instanceof Error);
    }
  }
});

const long = "x".repeat(2 ** 20);

test("an item that could not be added is deleted with what is in it", () => {
  const array = cjson.CreateArray();
  const object = cjson.CreateObject();
  const failing = [
    (item) => array.InsertItemInArray(-1, item),
    (item) => array.ReplaceItemInArray(5, item),
    (item) => array.ReplaceItemInArray(-1, item),
    (item) => object.ReplaceItemInObject("nope", item),
    (item) => object.ReplaceItemInObjectCaseSensitive("nope", item),
  ];
  for (const add of failing) {
    const item = cjson.Parse('{"in": [1, 2]}');
    const inside = item.GetObjectItem("in");
    throws(() => add(item), { name: "AddError", code: 0 });
    throws(() => item.Print(), { name: "Error", message: /given to/ });
    throws(() => inside.Print(), { name: "Error" });
  }
  const resident = () => Number(new TextDecoder().decode(readFile("/proc/self/statm")).split(" ")[1]);
  const before = resident();
  for (let i = 0; i < 600; i++) {
    const item = cjson.CreateString(long);
    throws(() => failing[i % failing.length](item), { name: "AddError" });
  }
  ok(resident() - before < 100000, "pages of 4 KB; 600 texts of 1 MB would be 153600 (ASan holds back up to 65536)");
  equal(array.PrintUnformatted() + object.PrintUnformatted(), "[]{}");
  array.Delete();
  object.Delete();
});

test("nesting without bound is an error before the C stack ends", () => {
  let tree = cjson.CreateArray();
  const error = throws(() => {
    for (let i = 0; i < 100000; i++) {
      const outer = cjson.CreateArray();
      outer.AddItemToArray(tree);
      tree = outer;
    }
  }, { name: "Error", message: /nested/ });
  ok(error);
  tree = null;
  let at = cjson.CreateObject();
  throws(() => {
    for (let i = 0; i < 100000; i++) at = at.AddObjectToObject("x");
  }, { name: "Error", message: /nested/ });
});

test("wrong arguments", () => {
  const root = cjson.CreateObject();
  throws(() => root.AddItemToObject("x", {}), { name: "TypeError", message: "cjson.Item.AddItemToObject: item: expected an Item, got an Object" });
  throws(() => root.AddItemToObject("x", null), { name: "TypeError" });
  throws(() => root.AddItemToObject("x"), { name: "TypeError" });
  throws(() => root.GetObjectItem(1), { name: "TypeError" });
  throws(() => cjson.CreateIntArray([1, 2]), { name: "TypeError" });
  throws(() => new cjson.Item(), { name: "TypeError" });
  throws(() => { "use strict"; root.type = 4; }, { name: "TypeError" });
  root.Delete();
  throws(() => root.Delete(), { name: "Error", message: /the Item is closed/ });
});
