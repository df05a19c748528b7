// Suite `ffi` for koffi on Node: koffi.mjs LIBBENCH. `struct_view_ptr` has no like there; a typed array of the same memory stands
// for it.
import koffi from "koffi";
import { run, sqlite } from "./rows.mjs";

const lib = koffi.load(process.argv[2]);
koffi.struct("Point", { x: "double", y: "double" });
const Callback = koffi.proto("int32_t Callback(int32_t)");
const f = {
  noop: lib.func("void noop()"),
  add_i32: lib.func("int32_t add_i32(int32_t a, int32_t b)"),
  add_f64: lib.func("double add_f64(double a, double b)"),
  add_i64: lib.func("int64_t add_i64(int64_t a, int64_t b)"),
  my_strlen: lib.func("size_t my_strlen(const char *s)"),
  sum_f64: lib.func("double sum_f64(const double *p, size_t n)"),
  pt_len: lib.func("double pt_len(const Point *p)"),
  pt_len_view: lib.func("pt_len", "double", ["double *"]),
  pt_add: lib.func("Point pt_add(Point a, Point b)"),
  add12: lib.func("add12", "int32_t", Array(12).fill("int32_t")),
  apply_n: lib.func("int32_t apply_n(Callback *cb, int32_t n)"),
  parse_int: lib.func("int parse_int(const char *s)"),
  greet: lib.func("const char *greet()"),
};
const view = new Float64Array([3, 4]);
const increment = koffi.register((value) => value + 1, koffi.pointer(Callback));

run(f, {
  sum: (values) => f.sum_f64(values, 10),
  rows: {
    struct_view_ptr: [1, (n) => {
      let s = 0;
      for (let i = 0; i < n; i++) s = f.pt_len_view(view);
      if (s !== 25) throw new Error(`got ${s}`);
    }],
    callback: [1, (n) => f.apply_n(increment, n)],
  },
});

const lite = koffi.load("libsqlite3.so.0");
koffi.opaque("sqlite3");
koffi.opaque("sqlite3_stmt");
const open = lite.func("int sqlite3_open(const char *path, _Out_ sqlite3 **db)");
const exec = lite.func("int sqlite3_exec(sqlite3 *db, const char *sql, void *cb, void *data, void *message)");
const prepare = lite.func("int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, _Out_ sqlite3_stmt **stmt, void *tail)");
const cell = [null];
if (open(":memory:", cell)) throw new Error("cannot open");
const db = cell[0];
sqlite({
  exec: (sql) => { if (exec(db, sql, null, null, null)) throw new Error(sql); },
  prepare: (sql) => {
    const out = [null];
    if (prepare(db, sql, -1, out, null)) throw new Error(sql);
    return out[0];
  },
  step: lite.func("int sqlite3_step(sqlite3_stmt *s)"),
  int: lite.func("int sqlite3_column_int(sqlite3_stmt *s, int column)"),
  double: lite.func("double sqlite3_column_double(sqlite3_stmt *s, int column)"),
  text: lite.func("const char *sqlite3_column_text(sqlite3_stmt *s, int column)"),
  finalize: lite.func("int sqlite3_finalize(sqlite3_stmt *s)"),
});
