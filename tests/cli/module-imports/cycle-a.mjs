import { b } from "./cycle-b.mjs";
export const a = () => "a";
console.log("cycle", b());
