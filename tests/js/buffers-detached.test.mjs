// A buffer that was detached, that is shared, or that can change its size never reaches C as a stale address.
import { test, equal, deepEqual, throws } from "./assert.mjs";
import * as buffers from "ffi:buffers";

function detached(view) {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

test("detached", () => {
  const gone = detached(new Uint8Array([1, 2, 3]));
  equal(gone.length, 0);
  throws(() => buffers.sum_u8(gone), { name: "TypeError", parameter: "v", message: /^buffers\.sum_u8: v: .*detached/ });
  throws(() => buffers.sum_void(gone.buffer), { name: "TypeError", message: /^buffers\.sum_void: v: .*detached/ });
  throws(() => buffers.sum_void(detached(new DataView(new ArrayBuffer(4)))), { name: "TypeError", message: /detached/ });
  throws(() => buffers.negate_f64(detached(new Float64Array(4))), { name: "TypeError", message: /detached/ });
  throws(() => buffers.fill_some(2, { into: { v: detached(new Int32Array(2)) } }), { name: "TypeError", message: /detached/ });
});

test("shared memory is refused", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  throws(() => buffers.sum_u8(shared), { name: "TypeError", parameter: "v", message: /^buffers\.sum_u8: v: .*[Ss]hared/ });
  throws(() => buffers.sum_void(shared.buffer), { name: "TypeError", message: /[Ss]hared/ });
  throws(() => buffers.negate_u8(shared), { name: "TypeError", message: /[Ss]hared/ });
});

const resizable = "resize" in ArrayBuffer.prototype;

test("resizable buffers serve with the length that they have", () => {
  if (!resizable) return;
  const buffer = new ArrayBuffer(4, { maxByteLength: 16 });
  const view = new Uint8Array(buffer);
  view.set([1, 2, 3, 4]);
  equal(buffers.sum_u8(view), 10);
  buffer.resize(2);
  equal(buffers.sum_u8(view), 3);
  buffer.resize(8);
  view[7] = 5;
  equal(buffers.sum_u8(view), 8);
  buffers.negate_u8(view);
  deepEqual([...view], [255, 254, 0, 0, 0, 0, 0, 251]);
  buffer.resize(0);
  equal(buffers.sum_u8(view), 0);
});

test("a view that its buffer no longer covers", () => {
  if (!resizable) return;
  const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
  const view = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  throws(() => buffers.sum_u8(view), { name: "TypeError", message: /^buffers\.sum_u8: v: / });
  throws(() => buffers.sum_void(new DataView(buffer, 0, 4) && view), { name: "TypeError", message: /^buffers\.sum_void: v: / });
});
