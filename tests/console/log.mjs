// Which stream each method writes to, and groups.
console.log();
console.log("log", 1, { a: [1, 2] });
console.info("info");
console.debug("debug");
console.warn("warn");
console.error("error");
console.log("%s is %d", "six", 6, "and more");
console.dirxml({ a: 1 }, "x");

console.group("group", 1);
console.log("one\ntwo");
console.groupCollapsed();
console.log({ first: "x".repeat(40), second: "y".repeat(40) });
console.warn("indented too");
console.groupEnd();
console.log("back");
console.groupEnd();
console.groupEnd();
console.log("out");

const { log } = console;
log("methods need no receiver");
