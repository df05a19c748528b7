// The format specifiers of console.log.
import { format } from "isthmus:host";
import { equal, test } from "./assert.mjs";

function formats(expected, ...args) {
  equal(format(...args), expected, JSON.stringify(args[0]));
}

test("no format", () => {
  formats("");
  formats("a", "a");
  formats("a 1 { b: 2 }", "a", 1, { b: 2 });
  formats("1 2 x", 1, 2, "x");
  formats("{ a: 1 } x", { a: 1 }, "x");
  formats("Symbol(a)", Symbol("a"));
});

test("percent signs that are no specifier", () => {
  formats("100%", "100%");
  formats("%%", "%%");
  formats("% 1", "%% %s", 1);
  formats("100% 1", "100%", 1);
  formats("%x 1 2", "%x %s", 1, 2);
  formats("%s", "%s");
  formats("a%s", "%s%s", "a");
  formats("a b { c: 1 }", "%s", "a", "b", { c: 1 });
});

test("%s", () => {
  formats("a", "%s", "a");
  formats("-0", "%s", -0);
  formats("5n", "%s", 5n);
  formats("Symbol(x)", "%s", Symbol("x"));
  formats("null undefined", "%s", null, undefined);
  formats("[ 1, [Array] ]", "%s", [1, [2, [3]]]);
  formats("{ a: [Object] }", "%s", { a: { b: 1 } });
  formats("mine", "%s", { toString: () => "mine" });
  formats("class A {}", "%s", class A {});
});

test("%d, %i and %f", () => {
  formats("1.5", "%d", 1.5);
  formats("16", "%d", "0x10");
  formats("5n", "%d", 5n);
  formats("NaN", "%d", Symbol("x"));
  formats("NaN", "%d", {});
  formats("2", "%i", 2.7);
  formats("42", "%i", "42abc");
  formats("NaN", "%i", Symbol("x"));
  formats("3.25", "%f", "3.25x");
  formats("NaN", "%f", "x");
  formats("NaN", "%f", Symbol("x"));
});

test("%o, %O, %j and %c", () => {
  formats("[ 1, 2, [length]: 2 ]", "%o", [1, 2]);
  formats("{ a: { b: { c: [Object] } } }", "%O", { a: { b: { c: { d: 1 } } } });
  formats('{"a":1}', "%j", { a: 1 });
  formats("undefined", "%j", undefined);
  const loop = {};
  loop.loop = loop;
  formats("[Circular]", "%j", loop);
  formats(" styled", "%c styled", "color: red");
});

test("what a conversion throws is not thrown on", () => {
  const loud = {
    toString() {
      throw new Error("toString");
    },
    toJSON() {
      throw new Error("toJSON");
    },
  };
  formats("NaN", "%d", loud);
  formats("[value without JSON]", "%j", loud);
  formats("{ toString: [Function: toString], toJSON: [Function: toJSON] }", "%s", loud);
});
