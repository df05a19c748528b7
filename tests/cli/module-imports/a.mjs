globalThis.count = (globalThis.count ?? 0) + 1;
export default "default";
export const named = "named", count = globalThis.count;
