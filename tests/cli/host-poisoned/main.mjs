// Setters and getters on the prototypes see nothing of what the host makes after them.
let seen = 0;
const trap = { __proto__: null, get: () => void seen++, set: () => void seen++, configurable: true };
for (const name of ["exit", "readFile", "write", "args", "env", "code", "path", "colors", "load", "default", "then", "value", "done"])
  Object.defineProperty(Object.prototype, name, trap);
for (const name of [0, 1, "next"]) Object.defineProperty(Array.prototype, name, trap);
const host = await import("isthmus:host");
const ffi = await import("isthmus:ffi");
try {
  host.readFile("/nowhere/at/all");
} catch (error) {
  console.log(error.code, error.path);
}
try {
  ffi.load("zlib");
} catch (error) {
  console.log(error.message);
}
console.log(host.args[0], typeof host.exit, host.env.LC_ALL, [...host.stdin].length, import.meta.dirname === host.cwd());
console.log(seen);
