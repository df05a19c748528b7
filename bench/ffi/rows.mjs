// The rows of suite `ffi`, the same loops for every peer. A driver gives its functions and adaptors to `run`, which prints
// one line a row: "ROW\tNAME\tUNIT\tNUMBER". A row whose function a peer lacks is left out; a wrong result stops the run.
const SHORT = "abcdefghijklmnop";
const LONG = "x".repeat(1024);

function measure(loop, rounds, runs = 5) {
  loop(Math.min(rounds, 200_000));
  loop(Math.min(rounds, 200_000));
  const times = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    loop(rounds);
    times.push(((performance.now() - started) * 1e6) / rounds);
  }
  return times.sort((a, b) => a - b)[runs >> 1];
}

function expect(got, wanted) {
  if (got !== wanted) throw new Error(`expected ${wanted}, got ${got}`);
}

export function run(f, { sum = (values) => f.sum_f64(values), rows = {}, rounds = 4e5 } = {}) {
  const values = new Float64Array(10).fill(1.5);
  const all = {
    noop: [5, (n) => { for (let i = 0; i < n; i++) f.noop(); }],
    add_i32: [5, (n) => { let s = 0; for (let i = 0; i < n; i++) s = f.add_i32(s, i) | 0; return s; }],
    add_f64: [5, (n) => { let s = 0; for (let i = 0; i < n; i++) s = f.add_f64(s, 0.5); expect(s, n / 2); }],
    add_i64: [2, (n) => { let s = 0n; for (let i = 0; i < n; i++) s = f.add_i64(5n, 7n); expect(BigInt(s), 12n); }],
    strlen_16: [1, (n) => { let s = 0; for (let i = 0; i < n; i++) s = f.my_strlen(SHORT); expect(Number(s), 16); }],
    strlen_1k: [1, (n) => { let s = 0; for (let i = 0; i < n; i++) s = f.my_strlen(LONG); expect(Number(s), 1024); }],
    sum_f64_10: [2, (n) => { let s = 0; for (let i = 0; i < n; i++) s = sum(values); expect(s, 15); }],
    args_12: [2, (n) => { let s = 0; for (let i = 0; i < n; i++) s = f.add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, i); return s; }],
    struct_ptr_literal: [1, (n) => { const p = { x: 3, y: 4 }; let s = 0; for (let i = 0; i < n; i++) s = f.pt_len(p); expect(s, 25); }],
    struct_by_value: [1, (n) => { const a = { x: 1, y: 2 }, b = { x: 3, y: 4 }; let s; for (let i = 0; i < n; i++) s = f.pt_add(a, b); expect(s.x, 4); }],
    atoi: [1, (n) => { let s = 0; for (let i = 0; i < n; i++) s = f.parse_int("12345"); expect(s, 12345); }],
    cstring_out: [1, (n) => { let s; for (let i = 0; i < n; i++) s = f.greet(); expect(s, "h\u00e9llo"); }],
    ...rows,
  };
  for (const [name, [weight, loop]] of Object.entries(all)) {
    const ns = measure(loop, Math.ceil(weight * rounds));
    console.log(`ROW\t${name}\tns\t${ns.toFixed(2)}`);
  }
}

/** 100,000 rows of an SQLite table: step, an integer, a double, a text of each. Gives milliseconds, the median of seven. */
export function sqlite({ exec, prepare, step, int, double, text, finalize }) {
  exec("create table t(a integer, b real, c text)");
  exec("with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) " +
       "insert into t select i, i * 0.5, 'row' || i from n");
  const times = [];
  for (let run = 0; run < 7; run++) {
    const started = performance.now();
    const statement = prepare("select a, b, c from t");
    let sum = 0;
    let count = 0;
    while (step(statement) === 100) {
      sum += int(statement, 0) + double(statement, 1) + text(statement, 2).length;
      count++;
    }
    finalize(statement);
    times.push(performance.now() - started);
    expect(count, 100000);
    expect(sum, 7500863895);
  }
  console.log(`ROW\tsqlite_rows\tms\t${times.sort((a, b) => a - b)[3].toFixed(2)}`);
}
