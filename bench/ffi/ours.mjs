// Suite `ffi` for Isthmus itself.
import * as bench from "ffi:bench";
import { Database } from "ffi:sqlite3";
import { run, sqlite } from "./rows.mjs";

const point = new bench.Point({ x: 3, y: 4 });
const increment = (value) => value + 1;

run(bench, {
  rows: {
    struct_view_ptr: [1, (n) => {
      let s = 0;
      for (let i = 0; i < n; i++) s = bench.pt_len(point);
      if (s !== 25) throw new Error(`got ${s}`);
    }],
    callback: [1, (n) => bench.apply_n(increment, n)],
  },
});

const db = new Database(":memory:");
sqlite({
  exec: (sql) => db.exec(sql),
  prepare: (sql) => db.prepare(sql),
  step: (statement) => statement.step(),
  int: (statement, column) => statement.column_int(column),
  double: (statement, column) => statement.column_double(column),
  text: (statement, column) => statement.column_text(column),
  finalize: (statement) => statement.finalize(),
});
db.close();
