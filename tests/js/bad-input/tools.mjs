// What the parts of the test of bad input share.

/** Takes a buffer's memory away, as a transfer does. */
export function detach(view) {
  const buffer = view.buffer ?? view;
  structuredClone(buffer, { transfer: [buffer] });
  return view;
}

/** A proxy that nothing can be done with. */
export function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/**
 * Everything of a library that can be called, as [name, function]: functions, constructors, statics, and methods and accessors, whose
 * first argument is then the receiver.
 */
export function callables(namespace) {
  const found = [];
  for (const [name, value] of Object.entries(namespace)) {
    if (typeof value !== "function") continue;
    if (!value.prototype || !/^[A-Z]/.test(name)) {
      found.push([name, value]);
      continue;
    }
    found.push([`new ${name}`, (...args) => new value(...args)]);
    for (const key of Reflect.ownKeys(value)) {
      if (typeof value[key] === "function" && key !== "prototype") found.push([`${name}.${String(key)}`, (...args) => value[key](...args)]);
    }
    for (const key of Reflect.ownKeys(value.prototype)) {
      const { value: method, get, set } = Object.getOwnPropertyDescriptor(value.prototype, key);
      if (key === "constructor") continue;
      if (typeof method === "function") found.push([`${name}#${String(key)}`, (...args) => Reflect.apply(method, args[0], args.slice(1))]);
      if (get) found.push([`get ${name}#${String(key)}`, (...args) => Reflect.apply(get, args[0], [])]);
      if (set) found.push([`set ${name}#${String(key)}`, (...args) => Reflect.apply(set, args[0], [args[1]])]);
    }
  }
  return found;
}

/** Functions that take a size: a great one is no mistake, but takes time and memory. */
export const sized = /^(text_fill|bytes_fill|fill_|pack_bound|matrix_unit|bytes_made|numbers_made|filled)/;
