// The C library: strings, numbers, sorting, files, directories, time, and what the system says of itself.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as libc from "ffi:libc";
import { errno } from "isthmus:ffi";
import * as host from "isthmus:host";

const bytes = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder().decode(data);
const scratch = `/tmp/isthmus-libc-${libc.getpid()}`;

test("strings", () => {
  equal(libc.strlen("naïve"), 6);
  equal(libc.strnlen("abcdef", 3), 3);
  ok(libc.strcmp("a", "b") < 0);
  equal(libc.strcmp("same", "same"), 0);
  equal(libc.strncmp("same one", "same two", 4), 0);
  equal(libc.strcasecmp("HELLO", "hello"), 0);
  equal(libc.strncasecmp("HELlo", "helicopter", 3), 0);
  equal(libc.strspn("aabbc", "ab"), 4);
  equal(libc.strcspn("hello world", " "), 5);
  equal(libc.strdup("çopied"), "çopied");
  equal(libc.strndup("copied", 3), "cop");
  equal(libc.strerror(libc.ENOENT), "No such file or directory");
  equal(libc.toupper(97), 65);
  equal(libc.tolower(65), 97);
  ok(libc.isalpha(97) && !libc.isdigit(97) && libc.isspace(32) && libc.isxdigit(70));
});

test("a pointer into an argument is an index in the units of what was passed", () => {
  equal(libc.strchr("hello", 108), 2);
  equal(libc.strrchr("hello", 108), 3);
  equal(libc.strchr("hello", 120), null);
  equal(libc.strstr("über alles", "alles"), 5);
  equal(libc.strstr(bytes("über alles"), "alles"), 6);
  throws(() => libc.strstr(bytes("a\0b"), "b"), { message: /NUL/ });
  equal(libc.strcasestr("Hello World", "WORLD"), 6);
  equal(libc.strpbrk("key=value", "=:"), 3);
  equal(libc.memchr(bytes("abc"), 99), 2);
  equal(libc.memrchr(bytes("abcabc"), 97), 3);
  equal(libc.memmem(bytes("needle in haystack"), bytes("hay")), 10);
  equal(libc.memmem(bytes("needle"), bytes("hay")), null);
});

test("what memory functions check", () => {
  equal(libc.memcmp(bytes("abc"), bytes("abc")), 0);
  throws(() => libc.memcmp(bytes("abc"), bytes("ab")), { name: "RangeError" });
  throws(() => libc.strlen("a\0b"), { message: /NUL/ });
  throws(() => libc.strlen(null), { name: "TypeError", message: "libc.strlen: s: expected a string, got null" });
  throws(() => libc.isalpha(256), { name: "RangeError", message: "libc.isalpha: c: expected an integer from -1 to 255, got 256" });
  throws(() => libc.isalpha(-2), { name: "RangeError" });
});

test("numbers", () => {
  equal(libc.atoi("42 apples"), 42);
  equal(libc.atoll("9007199254740993"), 9007199254740993n);
  equal(libc.atof("2.5e3"), 2500);
  deepEqual(libc.strtol("-12abc"), { result: -12, end: 3 });
  deepEqual(libc.strtol("ff", 16), { result: 255, end: 2 });
  deepEqual(libc.strtol("zz"), { result: 0, end: 0 });
  equal(libc.strtol("5", 1).end, null, "no such base");
  equal(errno(), libc.EINVAL);
  throws(() => libc.strtol("5", 37), { name: "RangeError" });
  deepEqual(libc.strtoll("9223372036854775808"), { result: 9223372036854775807n, end: 19 });
  equal(errno(), libc.ERANGE);
  libc.strtol("5");
  equal(errno(), 0);
  deepEqual(libc.strtoull("18446744073709551615"), { result: 18446744073709551615n, end: 20 });
  throws(() => libc.strtol("9223372036854775807"), { name: "RangeError" });
  deepEqual(libc.strtod("3.25 m"), { result: 3.25, end: 4 });
  equal(libc.strtof("0.1").result, Math.fround(0.1));
  equal(libc.abs(-5), 5);
  equal(libc.labs(-5), 5);
  deepEqual(libc.div(17, 5).toJSON(), { quot: 3, rem: 2 });
  deepEqual(libc.ldiv(-17, 5).toJSON(), { quot: -3, rem: -2 });
  throws(() => libc.div(1, 0), { name: "RangeError" });
  throws(() => libc.ldiv(1, -1), { name: "RangeError" });
});

test("random numbers", () => {
  libc.srand(7);
  const first = [libc.rand(), libc.rand()];
  libc.srand(7);
  deepEqual([libc.rand(), libc.rand()], first);
  const { result, seed } = libc.rand_r(1);
  ok(result >= 0 && result <= libc.RAND_MAX && seed !== 1);
  equal(libc.getentropy(32).length, 32);
  throws(() => libc.getentropy(257), { name: "RangeError" });
});

test("qsort and bsearch", () => {
  const values = Int32Array.from({ length: 500 }, (_, i) => (i * 7919) % 1009);
  const expected = values.slice().sort();
  const compare = (a, b) => new DataView(a.buffer, a.byteOffset, 4).getInt32(0, true) - new DataView(b.buffer, b.byteOffset, 4).getInt32(0, true);
  equal(libc.qsort(values, values.length, 4, compare), undefined);
  deepEqual([...values], [...expected]);
  for (const i of [0, 1, 250, 499]) equal(libc.bsearch(Int32Array.of(expected[i]), values, values.length, compare), i);
  equal(libc.bsearch(Int32Array.of(-1), values, values.length, compare), null);
});

test("qsort and bsearch misused", () => {
  const values = new Int32Array(10);
  throws(() => libc.qsort(values, 11, 4, () => 0), { name: "RangeError" });
  throws(() => libc.qsort(values, 10, 0, () => 0), { name: "RangeError" });
  throws(() => libc.qsort(values, 2 ** 40, 2 ** 40, () => 0), { name: "RangeError" });
  throws(() => libc.qsort(values, 10, 4), { name: "TypeError" });
  throws(() => libc.qsort(values, 10, 4, null), { name: "TypeError" });
  throws(() => libc.qsort(Int32Array.of(2, 1), 2, 4, () => { throw new Error("mine"); }), { message: "mine" });
  throws(() => libc.qsort(Int32Array.of(2, 1), 2, 4, () => "less"), { name: "TypeError" });
  let kept;
  libc.qsort(Int32Array.of(2, 1), 2, 4, (a) => { kept = a; return 0; });
  equal(kept.length, 0, "a view dies with its call");
  // A comparison that contradicts itself must not harm memory.
  let turn = 0;
  libc.qsort(Int32Array.from({ length: 10000 }, (_, i) => i), 10000, 4, () => (turn++ % 3) - 1);
  throws(() => libc.bsearch(new Int32Array(0), values, 10, () => 0), { name: "RangeError" });
});

test("files", () => {
  libc.mkdir(scratch);
  const path = `${scratch}/file`;
  const out = new libc.File(path, "w+");
  equal(out.fwrite(bytes("one\ntwo\n")), 8);
  out.fputs("thrée\n");
  out.fputc(33);
  out.fflush();
  equal(out.ftell(), 16);
  out.rewind();
  equal(out.fgets(100).line, "one\n");
  equal(out.fgetc(), 116);
  equal(out.fgets(3).line, "wo");
  out.fseek(-1, libc.SEEK_END);
  deepEqual([...out.fread(10)], [33]);
  ok(out.feof());
  out.clearerr();
  ok(!out.feof() && !out.ferror());
  const end = out.fgets(10);
  equal(end.result, null);
  equal(out.fgetc(), libc.EOF);
  ok(out.fileno() > 2);
  out.fclose();
  throws(() => out.fgetc(), { name: "Error", message: "libc.File.fgetc: the File is closed" });
  const status = libc.stat(path);
  equal(status.st_size, 16);
  equal(status.st_mode & libc.S_IFMT, libc.S_IFREG);
  equal(status.st_nlink, 1);
  equal(typeof status.st_ino, "bigint");
  ok(Math.abs(status.st_mtim.tv_sec - libc.time()) < 100);
  libc.truncate(path, 3);
  equal(libc.stat(path).st_size, 3);
  libc.chmod(path, 0o600);
  equal(libc.stat(path).st_mode & 0o777, 0o600);
  libc.symlink("file", `${scratch}/link`);
  equal(libc.readlink(`${scratch}/link`), "file");
  equal(libc.lstat(`${scratch}/link`).st_mode & libc.S_IFMT, libc.S_IFLNK);
  equal(libc.realpath(`${scratch}/link`), path);
  libc.rename(path, `${scratch}/renamed`);
  libc.link(`${scratch}/renamed`, path);
  equal(libc.stat(path).st_nlink, 2);
  const nameless = libc.File.tmpfile();
  nameless.fputs("x");
  nameless[Symbol.dispose]();
});

test("directories", () => {
  const directory = new libc.Directory(scratch);
  const names = [];
  let last;
  for (let entry; (entry = directory.readdir()) !== null; last = entry) {
    ok(entry instanceof libc.Dirent);
    if (last) throws(() => last.d_name, { name: "Error", message: /readdir/ });
    names.push(entry.d_name);
  }
  deepEqual(names.sort(), [".", "..", "file", "link", "renamed"]);
  throws(() => last.d_name, { name: "Error" });
  directory.rewinddir();
  const entry = directory.readdir();
  equal(typeof entry.d_ino, "bigint");
  directory.closedir();
  throws(() => entry.d_name, { name: "Error" });
  throws(() => directory.readdir(), { name: "Error", message: /the Directory is closed/ });
  throws(() => libc.rmdir(scratch), { name: "SystemError", code: libc.ENOTEMPTY, message: /Directory not empty/ });
  for (const name of ["file", "link", "renamed"]) libc.unlink(`${scratch}/${name}`);
  libc.rmdir(scratch);
  throws(() => libc.access(scratch), { name: "SystemError", code: libc.ENOENT });
});

test("an entry of a directory cannot be changed or made", () => {
  const directory = new libc.Directory("/");
  const entry = directory.readdir();
  const name = entry.d_name;
  for (const key of ["d_ino", "d_off", "d_reclen", "d_type", "d_name"]) {
    throws(() => { "use strict"; entry[key] = key === "d_name" ? "x".repeat(255) : 0; }, { name: "TypeError" });
  }
  equal(entry.d_name, name);
  throws(() => new libc.Dirent(), { name: "TypeError" });
  directory.rewinddir();
  throws(() => entry.d_name, { name: "Error", message: /rewinddir/ });
  let count = 0;
  while (directory.readdir() !== null) count++;
  ok(count > 2);
  directory.closedir();
});

test("a user's entry belongs to the library", () => {
  const root = libc.getpwuid(0);
  ok(root instanceof libc.Passwd);
  throws(() => { "use strict"; root.pw_name = "someone"; }, { name: "TypeError" });
  throws(() => { "use strict"; root.pw_uid = 1; }, { name: "TypeError" });
  equal(libc.getpwnam("root").pw_dir, "/root");
  throws(() => root.pw_uid, { name: "Error", message: /getpwnam/ });
});

test("a file is not mapped into memory, where shortening it would stop the process", () => {
  const path = `${scratch}-mapped`;
  const out = new libc.File(path, "w");
  out.fputs("text");
  out.fclose();
  const open = libc.sysconf(libc._SC_OPEN_MAX) + 10;
  for (let i = 0; i < Math.min(open, 3000); i++) {
    throws(() => new libc.File(path, "rm"), { name: "OpenError", code: libc.EINVAL, message: /Invalid argument/ });
  }
  throws(() => new libc.File(path, "r,ccs=UTF-8"), { name: "OpenError", code: libc.EINVAL });
  const file = new libc.File(path, "rbe");
  equal(file.fgetc(), 116);
  libc.truncate(path, 0);
  file.fseek(0);
  equal(file.fgetc(), libc.EOF);
  file.fclose();
  libc.unlink(path);
});

test("failures carry errno and its text", () => {
  const error = throws(() => new libc.File("/nowhere/file"), { name: "OpenError", code: libc.ENOENT });
  ok(error instanceof libc.OpenError && error instanceof Error);
  ok(error.message.includes("No such file or directory"), error.message);
  throws(() => new libc.Directory("/nowhere"), { name: "SystemError", code: libc.ENOENT });
  throws(() => libc.stat("/nowhere"), { name: "SystemError", code: libc.ENOENT });
  throws(() => libc.mkdir("/tmp"), { name: "SystemError", code: libc.EEXIST });
  throws(() => new libc.File("/tmp/x", "nonsense"), { name: "OpenError", code: libc.EINVAL });
  throws(() => libc.readlink("/"), { name: "SystemError", code: libc.EINVAL });
});

test("time", () => {
  const before = Date.now();
  const now = libc.time();
  ok(now >= before / 1000 - 2 && now <= Date.now() / 1000, `${now}`);
  const date = libc.gmtime(86400 * 365);
  ok(date instanceof libc.Tm);
  equal(date.tm_year, 71);
  equal(date.tm_zone, "GMT");
  equal(libc.asctime(date), "Fri Jan  1 00:00:00 1971\n");
  equal(libc.strftime(100, "%Y-%m-%d %H:%M:%S", date), "1971-01-01 00:00:00");
  equal(libc.strftime(5, "%Y-%m-%d", date), "");
  equal(libc.strftime(100, "%A", { tm_wday: 99 }), "?");
  const made = new libc.Tm({ tm_year: 100, tm_mon: 14, tm_mday: 35 });
  equal(libc.timegm(made), 986342400 + 86400 * 0);
  deepEqual([made.tm_year, made.tm_mon, made.tm_mday], [101, 3, 4]);
  const parsed = libc.strptime("2024-02-29 rest", "%Y-%m-%d");
  equal(parsed.result, 10);
  deepEqual([parsed.date.tm_year, parsed.date.tm_mon, parsed.date.tm_mday], [124, 1, 29]);
  equal(libc.strptime("nonsense", "%Y").result, null);
  equal(libc.timegm(libc.localtime(0)) - libc.localtime(0).tm_gmtoff, 0);
  throws(() => libc.gmtime(2 ** 53), { name: "RangeError" });
  equal(libc.difftime(5, 3), 2);
  const clock = libc.clock_gettime(libc.CLOCK_MONOTONIC);
  ok(clock.tv_sec > 0 && clock.tv_nsec < 1e9);
  throws(() => libc.clock_gettime(999), { name: "SystemError", code: libc.EINVAL });
  throws(() => libc.mktime({ tm_year: 100 }), { name: "TypeError" });
});

test("the system", () => {
  equal(libc.getenv("PATH"), host.env.PATH);
  equal(libc.getenv("NO_SUCH_VARIABLE"), null);
  ok(libc.getpid() > 1 && libc.getppid() >= 0);
  equal(libc.sysconf(libc._SC_PAGESIZE) % 4096, 0);
  ok(libc.sysconf(libc._SC_NPROCESSORS_ONLN) >= 1);
  equal(libc.uname().sysname, "Linux");
  equal(libc.gethostname(), libc.uname().nodename);
  equal(libc.getloadavg().length, 3);
  const root = libc.getpwuid(0);
  equal(root.pw_name, "root");
  equal(root.pw_uid, 0);
  equal(libc.getpwnam("no-such-user"), null);
  throws(() => root.pw_name, { name: "Error", message: /getpwnam/ });
  equal(libc.realpath("."), libc.get_current_dir_name());
});
