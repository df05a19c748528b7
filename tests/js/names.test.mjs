// Names: prefixes, renames, symbols; a missing optional symbol is an error when it is called; the second link name serves.
import { test, equal, ok, throws } from "./assert.mjs";
import * as names from "ffi:names";

test("the prefix goes where what remains is a name", () => {
  equal(names.plain(1), 2);
  equal(names.nm_default(1), 3);
  equal(names.nm_2nd(1), 4);
  ok(!("nm_plain" in names));
});

test("renamed, and by another symbol", () => {
  equal(names.chosen(1), 5);
  equal(names.chosen.name, "chosen");
  equal(names.symbolic(1), 6);
  ok(!("renamed" in names));
  equal(names.other_name(1), 7);
});

test("a struct and a function of one name", () => {
  const out = names.stat_like();
  const s = out.out ?? out;
  ok(s instanceof names.StatLike);
  equal(s.size, 11);
  equal(names.StatLike.name, "StatLike");
});

test("an optional symbol that the library lacks", () => {
  equal(typeof names.missing, "function");
  throws(() => names.missing(1), { name: "Error", message: /^names\.missing: .*nm_missing/ });
});

test("messages use the JavaScript name", () => {
  throws(() => names.chosen("x"), { message: /^names\.chosen: v: / });
});
