import { a } from "./cycle-a.mjs";
export const b = () => a() + "b";
