// SQLite: databases, statements, blobs, functions and collations in JavaScript, and every way to misuse them.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as sqlite from "ffi:sqlite3";

const { Database, SQLITE_ROW, SQLITE_DONE } = sqlite;

function open(sql = "") {
  const db = new Database(":memory:");
  if (sql) db.exec(sql);
  return db;
}

function all(db, sql, read = (row) => row.column_text(0)) {
  const rows = [];
  const statement = db.prepare(sql);
  try {
    while (statement.step() === SQLITE_ROW) rows.push(read(statement));
  } finally {
    statement.finalize();
  }
  return rows;
}

test("the library", () => {
  ok(/^3\.\d+\.\d+$/.test(sqlite.libversion()));
  ok(sqlite.libversion_number() >= 3034000);
  equal(sqlite.errstr(sqlite.SQLITE_CONSTRAINT), "constraint failed");
  equal(sqlite.complete("SELECT 1;"), 1);
  equal(sqlite.complete("SELECT 1"), 0);
  equal(typeof sqlite.memory_used(), "bigint");
  equal(sqlite.randomness(16).length, 16);
  equal(sqlite.compileoption_get(100000), null);
});

test("every type in and out", () => {
  const db = open("CREATE TABLE t (i, d, s, b, n)");
  const insert = db.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)");
  equal(insert.bind_parameter_count(), 5);
  insert.bind_int64(1, 2n ** 62n);
  insert.bind_double(2, Math.PI);
  insert.bind_text(3, "grüße 🌍");
  insert.bind_blob(4, Uint8Array.of(0, 1, 254, 255));
  insert.bind_null(5);
  equal(insert.step(), SQLITE_DONE);
  insert.finalize();
  const row = db.prepare("SELECT i, d, s, b, n FROM t");
  equal(row.step(), SQLITE_ROW);
  deepEqual([0, 1, 2, 3, 4].map((i) => row.column_type(i)),
    [sqlite.SQLITE_INTEGER, sqlite.SQLITE_FLOAT, sqlite.SQLITE_TEXT, sqlite.SQLITE_BLOB, sqlite.SQLITE_NULL]);
  equal(row.column_int64(0), 2n ** 62n);
  equal(row.column_double(1), Math.PI);
  equal(row.column_text(2), "grüße 🌍");
  equal(row.column_bytes(2), 12);
  deepEqual(row.column_blob(3), Uint8Array.of(0, 1, 254, 255));
  equal(row.column_text(4), null);
  equal(row.column_blob(4), null);
  equal(row.column_count(), 5);
  equal(row.column_name(2), "s");
  equal(row.column_name(99), null);
  equal(row.column_text(99), null);
  equal(row.column_int(-1), 0);
  equal(row.step(), SQLITE_DONE);
  equal(row.column_text(2), null, "after the last row");
  row.finalize();
  db.close();
});

test("an empty blob is not NULL", () => {
  const db = open();
  const statement = db.prepare("SELECT typeof(?1), typeof(?2)");
  statement.bind_blob(1, new Uint8Array(0));
  statement.bind_text(2, "");
  statement.step();
  equal(statement.column_text(0), "blob");
  equal(statement.column_text(1), "text");
  statement.finalize();
  db.close();
});

test("several statements in one text", () => {
  const db = open();
  let sql = "CREATE TABLE ü (a); INSERT INTO ü VALUES (1); -- done";
  const seen = [];
  while (sql) {
    const { statement, tail } = db.prepare_v2(sql);
    if (statement) {
      seen.push(statement.sql());
      statement.step();
      statement.finalize();
    }
    sql = sql.slice(tail);
  }
  deepEqual(seen, ["CREATE TABLE ü (a);", " INSERT INTO ü VALUES (1);"]);
  equal(db.changes(), 1);
  throws(() => db.prepare("  "), { name: "Error" });
  db.close();
});

test("exec with rows", () => {
  const db = open("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, NULL), (2, 'two')");
  const rows = [];
  db.exec("SELECT a, b FROM t", (values, names) => {
    rows.push([values, names]);
    return 0;
  });
  deepEqual(rows, [[["1", null], ["a", "b"]], [["2", "two"], ["a", "b"]]]);
  throws(() => db.exec("SELECT a FROM t", () => 1), { name: "SqliteError", code: sqlite.SQLITE_ABORT });
  throws(() => db.exec("SELECT a FROM t", () => { throw new TypeError("mine"); }), { name: "TypeError", message: "mine" });
  throws(() => db.exec("SELECT a FROM t", () => { db.close(); return 0; }), { name: "Error", message: /in use by/ });
  equal(all(db, "SELECT count(*) FROM t")[0], "2");
  db.close();
});

test("errors carry the code and SQLite's text", () => {
  const db = open("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)");
  const error = throws(() => db.exec("SELEC 1"), { name: "SqliteError", code: sqlite.SQLITE_ERROR, message: /near "SELEC": syntax error/ });
  ok(error instanceof sqlite.SqliteError);
  throws(() => db.prepare("SELECT * FROM missing"), { name: "SqliteError", message: /no such table: missing/ });
  throws(() => db.exec("INSERT INTO t VALUES (1)"), { name: "SqliteError", code: sqlite.SQLITE_CONSTRAINT, message: /UNIQUE/ });
  db.extended_result_codes(1);
  const again = db.prepare("INSERT INTO t VALUES (1)");
  throws(() => again.step(), { name: "SqliteError", code: sqlite.SQLITE_CONSTRAINT_UNIQUE, message: /UNIQUE constraint failed: t\.a/ });
  equal(again.reset(), sqlite.SQLITE_CONSTRAINT_UNIQUE);
  throws(() => again.bind_int(99, 1), { name: "SqliteError", code: sqlite.SQLITE_RANGE });
  again.finalize();
  throws(() => new Database("/nowhere/at/all.db"), { name: "SqliteError", code: sqlite.SQLITE_CANTOPEN, message: /unable to open/ });
  throws(() => new Database(":memory:", 0), { name: "SqliteError", code: sqlite.SQLITE_MISUSE });
  db.close();
});

test("wrong arguments", () => {
  const db = open();
  throws(() => db.exec(42), { name: "TypeError", message: "sqlite3.Database.exec: sql: expected a string, got 42" });
  throws(() => db.exec("SELECT 1", "row"), { name: "TypeError" });
  throws(() => db.exec("a\0b"), { message: /NUL/ });
  const statement = db.prepare("SELECT ?1");
  throws(() => statement.bind_text(1, 5), { name: "TypeError" });
  throws(() => statement.bind_int(1, 2 ** 31), { name: "RangeError" });
  throws(() => statement.bind_int64(1, 2n ** 63n), { name: "RangeError" });
  throws(() => statement.bind_blob(1, "text"), { name: "TypeError" });
  throws(() => sqlite.Statement.prototype.step.call(db), { name: "TypeError" });
  throws(() => new sqlite.Statement(), { name: "TypeError" });
  throws(() => db.blob_open("main", "t", "c", 1n, 0, 0), { name: /Error/ });
  statement.finalize();
  db.close();
});

test("after the end", () => {
  const db = open("CREATE TABLE t (a)");
  const statement = db.prepare("SELECT 1");
  statement.finalize();
  throws(() => statement.step(), { name: "Error", message: "sqlite3.Statement.step: the Statement is closed" });
  const outlives = db.prepare("SELECT 1");
  db.close();
  throws(() => db.exec("SELECT 1"), { name: "Error", message: "sqlite3.Database.exec: the Database is closed" });
  throws(() => db.close(), { name: "Error", message: /closed/ });
  equal(db[Symbol.dispose](), undefined);
  equal(outlives.step(), SQLITE_ROW, "a statement keeps its connection");
  outlives.finalize();
});

test("functions in JavaScript", () => {
  const db = open("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2.5), ('drei'), (x'00ff'), (NULL)");
  db.create_function_v2("describe", 1, sqlite.SQLITE_UTF8, (context, [value]) => {
    switch (value.type()) {
      case sqlite.SQLITE_INTEGER: return context.result_int64(value.int64() + 1n);
      case sqlite.SQLITE_FLOAT: return context.result_double(value.double() * 2);
      case sqlite.SQLITE_TEXT: return context.result_text(value.text().toUpperCase());
      case sqlite.SQLITE_BLOB: return context.result_blob(value.blob().reverse());
      default: return context.result_null();
    }
  });
  deepEqual(all(db, "SELECT quote(describe(a)) FROM t"), ["2", "5.0", "'DREI'", "X'FF00'", "NULL"]);
  db.create_function_v2("sum_of", -1, sqlite.SQLITE_UTF8, (context, values) => {
    context.result_int(values.reduce((sum, value) => sum + value.int(), 0));
  });
  deepEqual(all(db, "SELECT sum_of(1, 2, 3), sum_of()", (row) => [row.column_int(0), row.column_int(1)]), [[6, 0]]);
  db.create_function_v2("fails", 0, sqlite.SQLITE_UTF8, (context) => context.result_error("no good"));
  throws(() => all(db, "SELECT fails()"), { name: "SqliteError", message: /no good/ });
  db.create_function_v2("throws", 0, sqlite.SQLITE_UTF8, () => { throw new RangeError("from inside"); });
  throws(() => all(db, "SELECT throws()"), { name: "RangeError", message: "from inside" });
  throws(() => db.exec("INSERT INTO t SELECT throws()"), { name: "RangeError", message: "from inside" });
  equal(all(db, "SELECT count(*) FROM t")[0], "5", "the statement was given up");
  db.create_function_v2("sum_of", -1, sqlite.SQLITE_UTF8, null);
  throws(() => all(db, "SELECT sum_of(1)"), { name: "SqliteError", message: /no such function: sum_of/ });
  throws(() => db.create_function_v2("many", 1000, sqlite.SQLITE_UTF8, () => {}), { name: "SqliteError", code: sqlite.SQLITE_MISUSE });
  db.close();
});

test("a function's values and context end with it", () => {
  const db = open();
  let context;
  let value;
  let copy;
  db.create_function_v2("keep", 1, sqlite.SQLITE_UTF8, (c, [v]) => {
    [context, value, copy] = [c, v, v.dup()];
    c.result_value(v);
  });
  deepEqual(all(db, "SELECT keep('kept')"), ["kept"]);
  throws(() => value.text(), { name: "Error" });
  throws(() => context.result_int(1), { name: "Error" });
  equal(copy.text(), "kept");
  const statement = db.prepare("SELECT ?1");
  statement.bind_value(1, copy);
  statement.step();
  equal(statement.column_text(0), "kept");
  statement.finalize();
  copy.free();
  db.close();
});

test("a function may use the connection, but not the statement that runs it", () => {
  const db = open("CREATE TABLE log (a)");
  let statement;
  const problems = [];
  db.create_function_v2("meddle", 0, sqlite.SQLITE_UTF8, (context) => {
    db.exec("INSERT INTO log VALUES (1)");
    for (const use of ["step", "reset", "finalize", "column_count"]) {
      try {
        statement[use]();
      } catch (error) {
        problems.push(error.message);
      }
    }
    context.result_int(all(db, "SELECT count(*) FROM log").length);
  });
  statement = db.prepare("SELECT meddle()");
  equal(statement.step(), SQLITE_ROW);
  equal(problems.length, 4);
  for (const problem of problems) ok(/in use by/.test(problem), problem);
  equal(statement.column_int(0), 1);
  statement.finalize();
  db.close();
});

test("a function that closes the database, or itself", () => {
  const db = open();
  db.create_function_v2("closer", 0, sqlite.SQLITE_UTF8, (context) => {
    db.close();
    context.result_int(1);
  });
  const statement = db.prepare("SELECT closer()");
  equal(statement.step(), SQLITE_ROW);
  equal(statement.column_int(0), 1);
  throws(() => db.exec("SELECT 1"), { message: /closed/ });
  statement.finalize();
});

test("collations", () => {
  const db = open("CREATE TABLE t (a); INSERT INTO t VALUES ('item 10'), ('Item 9'), ('item 1')");
  const order = (a, b) => a.localeCompare(b, "en", { numeric: true, sensitivity: "base" });
  db.create_collation_v2("by_number", order);
  deepEqual(all(db, "SELECT a FROM t ORDER BY a COLLATE by_number"), ["item 1", "Item 9", "item 10"]);
  db.create_collation_v2("broken", () => { throw new Error("cannot compare"); });
  throws(() => all(db, "SELECT a FROM t ORDER BY a COLLATE broken"), { message: "cannot compare" });
  db.create_collation_v2("meddler", () => { db.exec("DELETE FROM t"); return 0; });
  throws(() => all(db, "SELECT a FROM t ORDER BY a COLLATE meddler"), { name: "Error" });
  equal(all(db, "SELECT count(*) FROM t")[0], "3");
  db.create_collation_v2("by_number", null);
  throws(() => all(db, "SELECT a FROM t ORDER BY a COLLATE by_number"), { name: "SqliteError", message: /no such collation/ });
  db.close();
});

test("functions and collations that are replaced or left behind are let go", async () => {
  const db = open();
  for (let i = 0; i < 1000; i++) {
    db.create_function_v2("f", 0, sqlite.SQLITE_UTF8, (context) => context.result_int(i));
    db.create_collation_v2("c", () => i);
  }
  deepEqual(all(db, "SELECT f()", (row) => row.column_int(0)), [999]);
  db.close();
});

test("progress and busy handlers", () => {
  const db = open("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  let calls = 0;
  db.progress_handler(1000, () => (++calls === 5 ? 1 : 0));
  throws(() => db.exec(endless), { name: "SqliteError", code: sqlite.SQLITE_INTERRUPT });
  equal(calls, 5);
  db.progress_handler(1000, () => { throw new Error("stop"); });
  throws(() => db.exec(endless), { message: "stop" });
  db.progress_handler(1000, () => { db.exec("SELECT 1"); return 1; });
  throws(() => db.exec(endless), { name: "Error", message: /progress/ });
  db.progress_handler(0, null);
  db.busy_handler(() => 0);
  db.busy_timeout(10);
  db.close();
});

test("incremental blobs", () => {
  const db = open("CREATE TABLE t (b); INSERT INTO t VALUES (zeroblob(10)), (x'0102')");
  const blob = db.blob_open("main", "t", "b", 1n, 1);
  equal(blob.bytes(), 10);
  blob.write(Uint8Array.of(1, 2, 3), 4);
  deepEqual(blob.read(5, 3), Uint8Array.of(0, 1, 2, 3, 0));
  throws(() => blob.write(new Uint8Array(7), 4), { name: "SqliteError" });
  throws(() => blob.read(1, 10), { name: "SqliteError" });
  throws(() => blob.read(1, -1), { name: "SqliteError" });
  throws(() => blob.read(-1), { name: "RangeError" });
  blob.reopen(2n);
  deepEqual(blob.read(2), Uint8Array.of(1, 2));
  db.exec("DELETE FROM t");
  throws(() => blob.read(2), { name: "SqliteError", code: sqlite.SQLITE_ABORT });
  blob.close();
  throws(() => blob.bytes(), { message: /the Blob is closed/ });
  throws(() => db.blob_open("main", "t", "b", 1n), { name: "SqliteError", message: /no such rowid/ });
  db.close();
});

test("what a connection says of itself", () => {
  const db = open("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE)");
  db.exec("INSERT INTO t (name) VALUES ('a'), ('b')");
  equal(db.last_insert_rowid(), 2n);
  equal(db.changes(), 2);
  equal(db.total_changes(), 2);
  equal(db.get_autocommit(), 1);
  equal(db.txn_state(), sqlite.SQLITE_TXN_NONE);
  db.exec("BEGIN; DELETE FROM t");
  equal(db.get_autocommit(), 0);
  equal(db.txn_state("main"), sqlite.SQLITE_TXN_WRITE);
  db.exec("ROLLBACK");
  equal(db.db_filename(), "");
  equal(db.db_filename("nothing"), null);
  equal(db.db_readonly(), 0);
  deepEqual(db.table_column_metadata("main", "t", "name"),
    { type: "TEXT", collation: "NOCASE", not_null: 1, primary_key: 0, autoincrement: 0 });
  const before = db.limit(sqlite.SQLITE_LIMIT_LENGTH, 100);
  ok(before > 100);
  throws(() => db.exec(`SELECT '${"x".repeat(200)}'`), { name: "SqliteError", code: sqlite.SQLITE_TOOBIG });
  const statement = db.prepare("SELECT id, name FROM t WHERE name = :name");
  equal(statement.bind_parameter_index(":name"), 1);
  equal(statement.bind_parameter_name(1), ":name");
  equal(statement.column_decltype(1), "TEXT");
  equal(statement.stmt_readonly(), 1);
  statement.bind_text(1, "b");
  equal(statement.expanded_sql(), "SELECT id, name FROM t WHERE name = 'b'");
  equal(statement.db_handle(), db);
  statement.step();
  equal(statement.stmt_busy(), 1);
  equal(statement.data_count(), 2);
  statement.reset();
  statement.clear_bindings();
  equal(statement.step(), SQLITE_DONE);
  statement.finalize();
  db.close();
});

test("a database as bytes", () => {
  const db = open("CREATE TABLE t (a); INSERT INTO t VALUES ('kept')");
  const result = db.serialize();
  equal(new TextDecoder().decode(result.subarray(0, 15)), "SQLite format 3");
  db.close();
});
