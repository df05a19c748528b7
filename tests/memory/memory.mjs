// A million rounds of each: calls, callbacks, handles forgotten and disposed, strings, structs, buffers, errors. Memory must
// stay flat. V8's heap grows by steps of some megabytes and then stays, whereas a leak grows all the time: each row is
// measured at five points, and leaks when the growth between them, but for the two greatest, is more than 8 bytes a round.
// MEMORY_ROUNDS sets how many rounds; MEMORY_ONLY picks rows by name.
import * as host from "isthmus:host";
import * as numbers from "ffi:numbers";
import * as texts from "ffi:texts";
import * as buffers from "ffi:buffers";
import * as structs from "ffi:structs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";
import * as gauges from "ffi:gauges";
import * as callbacks from "ffi:callbacks";
import * as failures from "ffi:failures";

const rounds = Number(host.env.MEMORY_ROUNDS ?? 1_000_000);
const only = host.env.MEMORY_ONLY ?? "";
const CHUNK = 10_000;
const PAGE = 4096;
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function resident() {
  const data = await host.readFile("/proc/self/statm");
  const text = typeof data === "string" ? data : new TextDecoder().decode(data);
  return Number(text.split(" ")[1]) * PAGE;
}

// The least of a few readings, with whole collections between them: what stays, not what waits to be collected. Memory that
// nobody touches costs nothing, yet its size makes V8 collect.
async function settled() {
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    let held = Array.from({ length: 4 }, () => new ArrayBuffer(32 << 20));
    await turn();
    held = null;
    await turn();
    least = Math.min(least, await resident());
  }
  return least;
}

const point = new structs.Point({ x: 3, y: 4 });
const counter = new handles.Counter(1);
const emitter = new callbacks.Emitter();
const bytes = new Uint8Array(64).fill(1);
const big = new Uint8Array(4096).fill(1);
const scratch = new Uint8Array(64);
const long = "text ".repeat(400);
const caught = (fn) => {
  try {
    fn();
  } catch {
    return;
  }
  throw new Error("expected an error");
};

const rows = {
  "calls with numbers": (i) => numbers.id_int(i) + numbers.id_double(0.5) + numbers.add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
  "calls with BigInts": (i) => numbers.id_int64(BigInt(i)),
  "short strings in": () => texts.text_length("hello, w\u00f6rld"),
  "long strings in": () => texts.text_length(long),
  "strings out": () => texts.text_static(),
  "owned strings out": (i) => texts.text_double(`number ${i}`),
  "strings in other encodings": () => texts.wide_length("h\u20acllo") + texts.latin_length("caf\u00e9"),
  "text through out parameters": () => texts.text_make("abc"),
  "lists of strings": () => texts.text_join_length(["a", "bc", "def"]),
  "buffers in": () => buffers.sum_u8(bytes) + buffers.sum_void(big),
  "new small buffers in": () => buffers.sum_u8(new Uint8Array(16)),
  "buffers in place": () => buffers.negate_u8(bytes),
  "buffers out": () => buffers.fill_u8(48),
  "larger buffers out": () => buffers.fill_f64(600),
  "buffers into": () => buffers.twice(bytes.subarray(0, 32), { into: { to: scratch } }),
  "capacity in, count out": () => buffers.pack(bytes),
  "owned bytes out": () => buffers.bytes_made(100),
  "several outputs": (i) => buffers.two_out(i & 1023),
  "struct literals by pointer": () => structs.point_length({ x: 1, y: 2 }),
  "struct instances by pointer": () => structs.point_scale(point, 1),
  "structs by value": () => structs.point_add(point, { x: 1, y: 1 }),
  "structs made and forgotten": (i) => new structs.Seg({ id: i & 255 }),
  "structs made and disposed": () => new structs.Point()[Symbol.dispose](),
  "nested views": () => new structs.Grid({ label: "x" }).corners[1].x,
  "struct text fields": (i) => pointers.person_name_length({ name: `name ${i}` }),
  "struct text set again": (() => {
    const person = new pointers.Person();
    return (i) => { person.name = `name ${i}`; };
  })(),
  "counted pointer fields": (() => {
    const person = new pointers.Person();
    return () => { person.photo = new Uint8Array(100); pointers.person_photo_sum(person); };
  })(),
  "handles disposed": (i) => new handles.Counter(i).free(),
  "handles forgotten": (i) => new handles.Counter(i),
  "children disposed": () => { const c = new handles.Cursor(counter); c.step(); c.close(); },
  "children forgotten": () => new handles.Cursor(counter),
  "parents and children forgotten": (i) => new handles.Cursor(new handles.Counter(i)),
  "lent objects": (i) => { const leaf = counter.leaf(i & 7); if ((i & 63) === 0) counter.shake(); return leaf; },
  "handles taken": () => counter.absorb(new handles.Counter(0)),
  "the same handle back": () => counter.self(),
  "inline handles disposed": (i) => new gauges.Gauge(i & 255).end(),
  "inline handles forgotten": (i) => new gauges.Gauge(i & 255),
  "callbacks for one call": (i) => callbacks.plain_apply((v) => v + i, 1),
  "callbacks, many in one call": () => callbacks.apply_n((v) => v, 10),
  "callbacks with structs": () => callbacks.spot_map({ x: 1 }, (s) => s),
  "callbacks with views": () => callbacks.feed_to(bytes, (view) => view.length),
  "callbacks replaced": (i) => emitter.on(() => i),
  "callbacks once": (i) => { callbacks.once_set(() => i); callbacks.once_fire(1); },
  "callbacks with destroy notices": (i) => emitter.register(i & 3, () => i),
  "callbacks that throw": () => caught(() => callbacks.plain_apply(() => { throw new Error("x"); }, 1)),
  "bad arguments": () => caught(() => numbers.id_int("x")),
  "bundled errors": () => caught(() => failures.fail_code(3)),
  "explained errors": () => caught(() => failures.fail_explained(3)),
  "failed constructors": () => caught(() => handles.Counter.open_broken(1)),
  "errno": () => failures.errno_set(3),
};

const POINTS = 4;

// How much memory grew over `count` rounds, the two greatest steps taken for the average of the others.
async function growth(row, count) {
  const steps = [];
  let before = await settled();
  for (let part = 0; part < POINTS; part++) {
    const end = Math.ceil(count / POINTS);
    for (let at = 0; at < end; at += CHUNK) {
      for (let i = at; i < at + CHUNK && i < end; i++) row(i);
      await turn();
    }
    const now = await settled();
    steps.push(now - before);
    before = now;
  }
  steps.sort((a, b) => a - b);
  return { grown: ((steps[0] + steps[1]) / 2) * POINTS, sum: steps.reduce((a, b) => a + b) };
}

let failed = 0;
let passed = 0;
for (const [name, row] of Object.entries(rows)) {
  if (!name.includes(only)) continue;
  const limit = Math.max(8 * rounds, 2 << 20);
  const started = performance.now();
  for (let i = 0; i < Math.min(rounds, CHUNK); i++) row(i);
  let { grown, sum } = await growth(row, rounds);
  // What looks like a leak is looked at again; a leak is still there.
  if (grown > limit) ({ grown, sum } = await growth(row, rounds));
  const flat = grown <= limit;
  if (flat) passed++;
  else failed++;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${flat ? "flat " : "GROWS"} ${name.padEnd(32)} ${String(rounds).padStart(8)} rounds, ${(sum / 1024 / 1024).toFixed(1)} MB, ${seconds} s`);
}

const alive = () => handles.counters_alive() + handles.cursors_alive() + gauges.gauges_alive();
for (let i = 0; i < 100 && alive() > 100; i++) await settled();
if (alive() > 100) {
  failed++;
  console.log(`${alive()} native objects are still alive`);
}
if (handles.counters_misused() || texts.text_live() || buffers.buffer_live() || failures.fail_whys()) {
  failed++;
  console.log(`misused ${handles.counters_misused()}, not freed: ${texts.text_live()} texts, ${buffers.buffer_live()} buffers, ${failures.fail_whys()} explanations`);
}
console.log(`${passed} passed, ${failed} failed`);
if (failed) host.exit(1);
