// zlib: one call, streams, checksums and gzip files, with what the library and the runtime say when they are misused.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as zlib from "ffi:zlib";
import * as libc from "ffi:libc";

const bytes = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder().decode(data);
const sample = bytes("the quick brown fox jumps over the lazy dog. ".repeat(200));

/** Compresses and decompresses by streams, `step` bytes at a time. */
function pump(stream, run, input, step, finish) {
  const parts = [];
  const room = new Uint8Array(step);
  let at = 0;
  for (;;) {
    if (stream.avail_in === 0 && at < input.length) {
      stream.next_in = input.subarray(at, at + step);
      at += step;
    }
    stream.next_out = room;
    const code = run(at >= input.length ? finish : zlib.Z_NO_FLUSH);
    parts.push(room.slice(0, step - stream.avail_out));
    if (code === zlib.Z_STREAM_END) break;
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

test("checksums", () => {
  equal(zlib.crc32(0, bytes("123456789")), 0xcbf43926);
  equal(zlib.crc32_z(0, bytes("123456789")), 0xcbf43926);
  equal(zlib.adler32(1, bytes("Wikipedia")), 0x11e60398);
  equal(zlib.adler32_z(1, bytes("Wikipedia")), 0x11e60398);
  const [a, b] = [sample.subarray(0, 1000), sample.subarray(1000)];
  equal(zlib.crc32_combine(zlib.crc32(0, a), zlib.crc32(0, b), b.length), zlib.crc32(0, sample));
  equal(zlib.adler32_combine(zlib.adler32(1, a), zlib.adler32(1, b), b.length), zlib.adler32(1, sample));
  equal(zlib.crc32(zlib.crc32(0, a), b), zlib.crc32(0, sample));
  const table = zlib.get_crc_table();
  ok(table instanceof Uint32Array);
  equal(table.length, 256);
  equal(table[1], 0x77073096);
  equal(zlib.crc32(0, new Uint8Array(0)), 0);
});

test("checksums with bad arguments", () => {
  throws(() => zlib.crc32(-1, sample), { name: "RangeError", message: "zlib.crc32: crc: expected an integer from 0 to 9007199254740991, got -1" });
  throws(() => zlib.crc32_combine(0, 2 ** 32, 1), { name: "RangeError", message: "zlib.crc32_combine: crc2: expected an integer from 0 to 4294967295, got 4294967296" });
  throws(() => zlib.crc32(0), { name: "TypeError", message: "zlib.crc32: expected 2 arguments, got 1" });
  throws(() => zlib.crc32(0, "text"), { name: "TypeError", parameter: "buf" });
  throws(() => zlib.crc32(0, new Float64Array(1)), { name: "TypeError" });
  throws(() => zlib.crc32_combine(0, 0, -1), { name: "RangeError" });
});

test("in one call", () => {
  const packed = zlib.compress(sample);
  ok(packed instanceof Uint8Array);
  ok(packed.length < sample.length / 10);
  deepEqual(zlib.uncompress(sample.length, packed), sample);
  equal(text(zlib.uncompress(100000, packed)), text(sample));
  ok(zlib.compress2(sample, 0).length > sample.length);
  ok(zlib.compress2(sample, 9).length <= zlib.compress2(sample, 1).length);
  ok(zlib.compressBound(sample.length) > sample.length);
});

test("the caller's own buffer", () => {
  const mine = new Uint8Array(zlib.compressBound(sample.length));
  const packed = zlib.compress2(sample, 6, { into: { dest: mine } });
  equal(packed.buffer, mine.buffer);
  deepEqual([...packed], [...zlib.compress2(sample, 6)]);
});

test("failures are ZErrors with zlib's own text", () => {
  const packed = zlib.compress(sample);
  throws(() => zlib.uncompress(10, packed), { name: "ZError", code: zlib.Z_BUF_ERROR, message: /buffer error/ });
  throws(() => zlib.uncompress(100, bytes("not compressed")), { name: "ZError", code: zlib.Z_DATA_ERROR, message: /data error/ });
  throws(() => zlib.compress2(sample, 99), { name: "ZError", code: zlib.Z_STREAM_ERROR, message: /stream error/ });
  ok(throws(() => zlib.compress2(sample, 99), {}) instanceof zlib.ZError);
  equal(zlib.zError(-3), "data error");
  throws(() => zlib.zError(3), { name: "RangeError" });
  throws(() => zlib.zError(-7), { name: "RangeError" });
});

test("streams, a few bytes at a time", () => {
  for (const [out, back] of [[15, 15], [31, 31], [31, 47], [-15, -15]]) {
    const deflate = new zlib.Deflate(6, out);
    const packed = pump(deflate, (flush) => deflate.deflate(flush), sample, 37, zlib.Z_FINISH);
    equal(deflate.total_in, sample.length);
    equal(deflate.total_out, packed.length);
    deflate.end();
    const inflate = new zlib.Inflate(back);
    const whole = pump(inflate, () => inflate.inflate(), packed, 41, zlib.Z_NO_FLUSH);
    inflate.end();
    deepEqual(whole, sample);
  }
});

test("a stream's settings and dictionary", () => {
  const dictionary = bytes("the quick brown fox");
  const deflate = new zlib.Deflate();
  deflate.setDictionary(dictionary);
  ok(deflate.bound(1000) >= 1000);
  const packed = pump(deflate, (flush) => deflate.deflate(flush), sample, 1000, zlib.Z_FINISH);
  deepEqual(deflate.pending(), { pending: 0, bits: 0 });
  deflate.reset();
  equal(deflate.total_in, 0);
  deflate.end();
  const inflate = new zlib.Inflate();
  inflate.next_in = packed;
  inflate.next_out = new Uint8Array(20000);
  equal(inflate.inflate(), zlib.Z_NEED_DICT);
  throws(() => inflate.setDictionary(bytes("another")), { name: "ZError", code: zlib.Z_DATA_ERROR });
  inflate.setDictionary(dictionary);
  equal(inflate.inflate(), zlib.Z_STREAM_END);
  equal(inflate.total_out, sample.length);
  inflate.end();
});

test("a stream that is misused", () => {
  const deflate = new zlib.Deflate();
  throws(() => deflate.deflate(zlib.Z_FINISH), { name: "ZError", code: zlib.Z_STREAM_ERROR });
  throws(() => { deflate.next_in = 42; }, { name: "TypeError" });
  throws(() => { deflate.next_in = "text"; }, { name: "TypeError" });
  throws(() => deflate.deflate(), { name: "TypeError" });
  throws(() => zlib.Inflate.prototype.inflate.call(deflate), { name: "TypeError" });
  throws(() => new zlib.Deflate(99), { name: "ZError", code: zlib.Z_STREAM_ERROR });
  throws(() => new zlib.Inflate(1000), { name: "ZError", code: zlib.Z_STREAM_ERROR });
  deflate.end();
  throws(() => deflate.deflate(zlib.Z_FINISH), { name: "Error", message: /the Deflate is closed/ });
  throws(() => deflate.total_in, { name: "Error", message: /the Deflate is closed/ });
  const inflate = new zlib.Inflate();
  inflate.next_in = new Uint8Array([1, 2, 3, 4]);
  inflate.next_out = new Uint8Array(10);
  throws(() => inflate.inflate(), { name: "ZError", code: zlib.Z_DATA_ERROR });
  ok(/header/.test(inflate.msg));
  inflate[Symbol.dispose]();
});

test("a stream whose buffer is detached under it", () => {
  const deflate = new zlib.Deflate();
  const input = sample.slice();
  deflate.next_in = input;
  deflate.next_out = new Uint8Array(100);
  structuredClone(input.buffer, { transfer: [input.buffer] });
  try {
    deflate.deflate(zlib.Z_FINISH);
  } catch (error) {
    ok(error instanceof Error);
  }
  deflate.end();
});

test("gzip files", () => {
  const path = `/tmp/isthmus-zlib-${libc.getpid()}.gz`;
  const out = new zlib.GzFile(path, "wb9");
  equal(out.write(sample), sample.length);
  equal(out.puts("line one\nline two\n"), 18);
  equal(out.putc(33), 33);
  out.flush();
  equal(out.tell(), sample.length + 19);
  out.close();
  ok(libc.stat(path).st_size < 1000);
  const file = new zlib.GzFile(path);
  equal(file.direct(), 0);
  deepEqual(file.read(sample.length), sample);
  equal(file.gets(100).buf, "line one\n");
  equal(file.gets(100).buf, "line two\n");
  equal(file.getc(), 33);
  equal(file.read(10).length, 0);
  equal(file.eof(), 1);
  equal(file.gets(100).result, null);
  file.rewind();
  equal(text(file.read(9)), "the quick");
  deepEqual(file.error(), { result: "", errnum: 0 });
  file.close();
  throws(() => file.read(1), { name: "Error", message: /the GzFile is closed/ });
  libc.unlink(path);
});

test("gzip files that fail", () => {
  throws(() => new zlib.GzFile("/nowhere/at/all"), { name: "GzOpenError", code: libc.ENOENT });
  throws(() => new zlib.GzFile("/tmp/x", "nonsense"), { name: "GzOpenError" });
  const path = `/tmp/isthmus-zlib-bad-${libc.getpid()}.gz`;
  const plain = new libc.File(path, "wb");
  plain.fwrite(zlib.compress2(sample).map((b, i) => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][i] ?? b));
  plain.fclose();
  const file = new zlib.GzFile(path);
  throws(() => file.read(100), { name: "GzError", message: /data|code|lengths|distance|block/ });
  file.clearerr();
  throws(() => file.write(sample), { name: "GzError" });
  file.close();
  libc.unlink(path);
});
