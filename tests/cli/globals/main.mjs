const names = ["console", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate",
  "queueMicrotask", "performance", "structuredClone", "TextEncoder", "TextDecoder", "globalThis", "WebAssembly"];
console.log(names.filter((name) => typeof globalThis[name] === "undefined"));
console.log(["require", "process", "native", "module", "print", "gc"].filter((name) => name in globalThis));
const { bytes } = await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
console.log(bytes);
console.log(structuredClone(new Map([[1, { date: new Date(0), big: 2n, re: /x/g }]])));
const buffer = new ArrayBuffer(4);
const moved = structuredClone(buffer, { transfer: [buffer] });
console.log(moved.byteLength, buffer.byteLength);
for (const bad of [() => {}, Symbol("s"), new Proxy({}, {}), new WeakMap()]) {
  try {
    structuredClone(bad);
  } catch (error) {
    console.log(error.name, error.code);
  }
}
console.log(new TextDecoder().decode(new TextEncoder().encode("é\ud800")));
Array.prototype.push = () => { throw new Error("not this one"); };
Object.prototype.colors = true;
Object.defineProperty(Array.prototype, 0, { set() { throw new Error("setter"); } });
console.log("still", { works: [1, 2] });
