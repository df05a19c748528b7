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
