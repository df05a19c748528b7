// Tables: arrays, objects, maps, sets, chosen columns, and what is no table.
console.table([[1, 2], [3, 4]]);
console.table([{ a: 1, b: "x" }, { a: 2, c: true }]);
console.table({ r1: { a: 1 }, r2: { a: 2 } });
console.table([1, "a", { x: 1 }]);
console.table(new Map([["a", 1], ["b", { q: 1 }]]));
console.table(new Set([1, "x"]));
console.table([{ a: 1, b: 2 }, { a: 3 }, 7], ["b", "zz"]);
console.table([{ s: "日本" }, { s: "ab" }]);
console.table([{ n: { deep: { er: 1 } }, list: [1, 2, 3, 4, 5] }]);
console.table([{ get loud() {
  throw new Error("a getter was run");
} }]);
console.table(new Uint8Array(2));
console.table([]);
console.table("no table");
console.table(null);
