// Four C libraries at work for one script: walks a folder with the C library's own functions, parses the JSON files in it
// with cJSON, keeps their facts and their compressed text in an SQLite database, asks that database questions with functions
// and a collation written here, and proves at the end that every byte came through. Exits with 1 if one did not.
//
//     isthmus run --allow-ffi=libc,cjson,zlib,sqlite3 examples/demo/main.mjs [FOLDER]
import * as libc from "ffi:libc";
import * as cjson from "ffi:cjson";
import * as zlib from "ffi:zlib";
import * as sqlite from "ffi:sqlite3";
import { args, exit } from "isthmus:host";

/** Every JSON file in a folder and the folders in it. */
function* walk(folder) {
  const directory = new libc.Directory(folder);
  try {
    for (let entry; (entry = directory.readdir()) !== null; ) {
      const name = entry.d_name;
      if (name === "." || name === "..") continue;
      const path = `${folder}/${name}`;
      const status = libc.stat(path);
      const kind = status.st_mode & libc.S_IFMT;
      if (kind === libc.S_IFDIR) yield* walk(path);
      else if (name.endsWith(".json")) yield { path, size: status.st_size, changed: status.st_mtim.tv_sec };
    }
  } finally {
    directory.closedir();
  }
}

/** The bytes of a file. */
function read(path, size) {
  const file = new libc.File(path, "rb");
  try {
    return file.fread(size);
  } finally {
    file.fclose();
  }
}

/** Every value in a parsed document, with the way to it. */
function* facts(item, way = "$") {
  if (item.IsArray() || item.IsObject()) {
    for (let i = 0; i < item.GetArraySize(); i++) {
      const part = item.GetArrayItem(i);
      yield* facts(part, item.IsArray() ? `${way}[${i}]` : `${way}.${part.string}`);
    }
  } else if (item.IsNumber()) yield { way, number: item.GetNumberValue() };
  else if (item.IsString()) yield { way, text: item.GetStringValue() };
  else yield { way, text: item.PrintUnformatted() };
}

/** Runs a statement with these values, and calls `row` for each row of results. */
function query(db, sql, values = [], row = () => {}) {
  const statement = db.prepare(sql);
  try {
    values.forEach((value, i) => {
      if (value === null || value === undefined) statement.bind_null(i + 1);
      else if (typeof value === "number") statement.bind_double(i + 1, value);
      else if (typeof value === "bigint") statement.bind_int64(i + 1, value);
      else if (typeof value === "string") statement.bind_text(i + 1, value);
      else statement.bind_blob(i + 1, value);
    });
    while (statement.step() === sqlite.SQLITE_ROW) row(statement);
  } finally {
    statement.finalize();
  }
}

function table(title, head, rows) {
  const cells = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const numeric = head.map((_, i) => rows.every((row) => typeof row[i] === "number"));
  console.log(`\n${title}`);
  for (const [n, row] of cells.entries()) {
    console.log(`  ${row.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ").trimEnd()}`);
    if (n === 0) console.log(`  ${widths.map((width) => "-".repeat(width)).join("  ")}`);
  }
}

const folder = libc.realpath(args[0] ?? `${import.meta.dirname}/data`);
console.log(`SQLite ${sqlite.libversion()}, zlib ${zlib.zlibVersion()}, cJSON ${cjson.Version()} on ${libc.uname().sysname}`);
console.log(`Reading ${folder}`);

const db = new sqlite.Database(":memory:");
db.exec(`
  CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT, size INTEGER, changed INTEGER, crc INTEGER, packed BLOB);
  CREATE TABLE fact (file INTEGER REFERENCES file, way TEXT, number REAL, text TEXT);
  BEGIN;
`);

let files = 0;
for (const { path, size, changed } of walk(folder)) {
  const bytes = read(path, size);
  const document = cjson.Parse(bytes);
  try {
    query(db, "INSERT INTO file (name, size, changed, crc, packed) VALUES (?, ?, ?, ?, ?)",
      [path.slice(folder.length + 1), size, changed, zlib.crc32(0, bytes), zlib.compress2(bytes, zlib.Z_BEST_COMPRESSION)]);
    const id = db.last_insert_rowid();
    const insert = db.prepare("INSERT INTO fact VALUES (?, ?, ?, ?)");
    for (const { way, number, text } of facts(document)) {
      insert.bind_int64(1, id);
      insert.bind_text(2, way);
      if (number === undefined) insert.bind_null(3);
      else insert.bind_double(3, number);
      if (text === undefined) insert.bind_null(4);
      else insert.bind_text(4, text);
      insert.step();
      insert.reset();
    }
    insert.finalize();
    files++;
  } finally {
    document.Delete();
  }
}
db.exec("COMMIT");

// SQL functions in JavaScript: one gives the text that was packed, one its checksum.
db.create_function_v2("unpacked", 2, sqlite.SQLITE_UTF8 | sqlite.SQLITE_DETERMINISTIC, (context, [packed, size]) => {
  context.result_blob(zlib.uncompress(size.int(), packed.blob()));
});
db.create_function_v2("crc32", 1, sqlite.SQLITE_UTF8 | sqlite.SQLITE_DETERMINISTIC, (context, [bytes]) => {
  context.result_int64(BigInt(zlib.crc32(0, bytes.blob())));
});
// An order in which "item 10" comes after "item 9", and case does not count.
const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
db.create_collation_v2("by_number", (a, b) => order.compare(a, b));

const summary = [];
query(db, `SELECT name, size, length(packed), (SELECT count(*) FROM fact WHERE file = file.id), changed
           FROM file ORDER BY name COLLATE by_number`, [], (row) => {
  summary.push([row.column_text(0), row.column_int(1), row.column_int(2), row.column_int(3),
    libc.strftime(32, "%Y-%m-%d", libc.gmtime(row.column_int(4)))]);
});
table("Files", ["name", "bytes", "packed", "facts", "changed"], summary);

const largest = [];
query(db, `SELECT name, way, number FROM fact JOIN file ON file.id = file ORDER BY number DESC, way COLLATE by_number LIMIT ?`,
  [5], (row) => largest.push([row.column_text(0), row.column_text(1), row.column_double(2)]));
table("Largest numbers", ["name", "way", "number"], largest);

// The proof: what was packed, stored, asked for and unpacked again, checked twice, inside SQLite and out here.
const failures = [];
query(db, "SELECT name, size, crc, packed, crc32(unpacked(packed, size)) = crc FROM file", [], (row) => {
  const [name, size, crc] = [row.column_text(0), row.column_int(1), row.column_int64(2)];
  const bytes = zlib.uncompress(size, row.column_blob(3));
  if (row.column_int(4) !== 1) failures.push(`${name}: the checksum inside the database differs`);
  if (bytes.length !== size || BigInt(zlib.crc32(0, bytes)) !== crc) failures.push(`${name}: the checksum differs`);
  const original = cjson.Parse(read(`${folder}/${name}`, size));
  const stored = cjson.Parse(bytes);
  if (!original.Compare(stored)) failures.push(`${name}: the document differs`);
  original.Delete();
  stored.Delete();
});
db.close();

if (files === 0) failures.push(`no JSON file in ${folder}`);
for (const failure of failures) console.error(`FAILED ${failure}`);
console.log(failures.length ? "\nVerification failed." : `\nAll ${files} files verified.`);
if (failures.length) exit(1);
