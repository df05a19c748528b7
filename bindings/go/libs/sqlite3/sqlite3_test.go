package sqlite3

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func open(t testing.TB) *Database {
	t.Helper()
	db := expect.Must[*Database](t)(NewDatabase(":memory:"))
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *Database, sql string) {
	t.Helper()
	if err := db.Exec(sql); err != nil {
		t.Fatal(err)
	}
}

// ask gives the first value of a query.
func ask(t testing.TB, db *Database, sql string) *string {
	t.Helper()
	s := expect.Must[*Statement](t)(db.Prepare(sql))
	defer s.Close()
	if _, err := s.Step(); err != nil {
		t.Fatal(err)
	}
	return expect.Must[*string](t)(s.ColumnText(0))
}

func TestRowsGoInAndOut(t *testing.T) {
	db := open(t)
	run(t, db, "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'one'), (2, NULL)")
	s := expect.Must[*Statement](t)(db.Prepare("SELECT a, b FROM t"))
	var rows []string
	for expect.Must[int32](t)(s.Step()) == SQLITE_ROW {
		text := expect.Must[*string](t)(s.ColumnText(1))
		rows = append(rows, fmt.Sprint(expect.Must[int32](t)(s.ColumnInt(0)), text != nil && *text == "one"))
	}
	if !slices.Equal(rows, []string{"1 true", "2 false"}) {
		t.Fatal(rows)
	}
	expect.Must[int32](t)(s.Finalize())
	s = expect.Must[*Statement](t)(db.Prepare("INSERT INTO t VALUES (?, ?)"))
	defer s.Close()
	for i, b := range [][]byte{{1, 2, 3}, {}} {
		if err := s.BindInt64(1, int64(i)<<40); err != nil {
			t.Fatal(err)
		}
		if err := s.BindBlob(2, b); err != nil {
			t.Fatal(err)
		}
		expect.Same(t, expect.Must[int32](t)(s.Step()), SQLITE_DONE)
		expect.Must[int32](t)(s.Reset())
	}
	expect.Same(t, *ask(t, db, "SELECT group_concat(hex(b) || typeof(b)) FROM t WHERE typeof(b) = 'blob'"),
		"010203blob,blob")
	s2 := expect.Must[*Statement](t)(db.Prepare("SELECT b FROM t WHERE a = 0"))
	defer s2.Close()
	s2.Step()
	expect.Same(t, string(expect.Must[[]byte](t)(s2.ColumnBlob(0))), "\x01\x02\x03")
	expect.Same(t, expect.Must[int64](t)(db.LastInsertRowid()), 4)
}

func TestPreparingPiecewise(t *testing.T) {
	db := open(t)
	sql := "SELECT 1; SELECT 'zwö'; -- nothing"
	var got []string
	for len(sql) > 0 {
		s, tail, err := db.PrepareV2(sql)
		if err != nil {
			t.Fatal(err)
		}
		sql = sql[tail:]
		if s == nil {
			break
		}
		s.Step()
		got = append(got, *expect.Must[*string](t)(s.ColumnText(0)))
		s.Close()
	}
	expect.Same(t, strings.Join(got, " "), "1 zwö")
}

func TestFailures(t *testing.T) {
	db := open(t)
	err := db.Exec("SELEC")
	var failure *SqliteError
	if !errors.As(err, &failure) || failure.Code != SQLITE_ERROR {
		t.Fatal(err)
	}
	expect.Same(t, err.Error(), "sqlite3.Database.exec: near \"SELEC\": syntax error")
	_, err = NewDatabase(filepath.Join(t.TempDir(), "none", "x.db"))
	if !errors.Is(err, &SqliteError{clib.Failure{Code: SQLITE_CANTOPEN}}) {
		t.Fatal(err)
	}
	_, err = db.Prepare("")
	expect.Fails(t, err, clib.ErrNull, "sqlite3.Database.prepare: statement: the result is NULL")
}

func TestExecWithRows(t *testing.T) {
	db := open(t)
	var seen []string
	sql := "SELECT 1 AS a, NULL AS b UNION ALL SELECT 2, 'x'"
	err := db.ExecWith(sql, func(values []*string, names []string) (int32, error) {
		seen = append(seen, fmt.Sprintf("%v %s %v", names, *values[0], values[1] == nil))
		return 0, nil
	})
	if err != nil || !slices.Equal(seen, []string{"[a b] 1 true", "[a b] 2 false"}) {
		t.Fatal(seen, err)
	}
	mine := errors.New("mine")
	err = db.ExecWith("SELECT 1", func([]*string, []string) (int32, error) { return 0, mine })
	expect.Same(t, err, mine)
	err = db.ExecWith("SELECT 1", func([]*string, []string) (int32, error) { return 1, nil })
	expect.Same(t, err.Error(), "sqlite3.Database.exec: query aborted")
}

func TestSQLFunctions(t *testing.T) {
	db := open(t)
	err := db.CreateFunctionV2("twice", 1, func(c *Context, values []*Value) error {
		return c.ResultInt64(2 * expect.Must[int64](t)(values[0].Int64()))
	})
	if err != nil {
		t.Fatal(err)
	}
	expect.Same(t, *ask(t, db, "SELECT twice(21)"), "42")
	var kept *Value
	mine := errors.New("mine")
	db.CreateFunctionV2("fail", 1, func(c *Context, values []*Value) error {
		kept = values[0]
		return mine
	})
	expect.Same(t, db.Exec("SELECT fail(1)"), mine)
	_, err = kept.Int()
	expect.Fails(t, err, clib.ErrClosed, "sqlite3.Value.int: the Value is no longer valid")
	// The same database may be used meanwhile.
	db.CreateFunctionV2("inner_", 0, func(c *Context, _ []*Value) error {
		return c.ResultText(*ask(t, db, "SELECT 'from within'"))
	})
	expect.Same(t, *ask(t, db, "SELECT inner_()"), "from within")
	// A statement does not bear it.
	var s *Statement
	db.CreateFunctionV2("again", 0, func(c *Context, _ []*Value) error {
		_, err := s.Step()
		return err
	})
	s = expect.Must[*Statement](t)(db.Prepare("SELECT again()"))
	defer s.Close()
	_, err = s.Step()
	expect.Fails(t, err, clib.ErrState, "sqlite3.Statement.step: in use by sqlite3.Statement.step")
	defer func() { expect.Same(t, recover(), any("a panic")) }()
	db.CreateFunctionV2("panics", 0, func(*Context, []*Value) error { panic("a panic") })
	db.Exec("SELECT panics()")
}

func TestCollationsLetNothingIn(t *testing.T) {
	db := open(t)
	var inner error
	err := db.CreateCollationV2("by_length", func(a, b string) (int32, error) {
		_, inner = db.Changes()
		return int32(len(a) - len(b)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sorted := "SELECT column1 AS x FROM (VALUES ('ccc'), ('a'), ('bb')) ORDER BY 1 COLLATE by_length"
	expect.Same(t, *ask(t, db, "SELECT group_concat(x) FROM ("+sorted+")"), "a,bb,ccc")
	expect.Fails(t, inner, clib.ErrState, "sqlite3.Database.changes: cannot be called while a collation_compare runs")
}

func TestManyFunctions(t *testing.T) {
	// C passes no user data with them: there is room for 1024 at a time.
	for range 3 {
		db := open(t)
		for i := range 300 {
			err := db.CreateFunctionV2(fmt.Sprint("f", i), 0, func(c *Context, _ []*Value) error {
				return c.ResultInt(int32(i))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		expect.Same(t, *ask(t, db, "SELECT f0() + f299()"), "299")
		db.Close()
	}
}

func TestStatementsKeepTheirDatabase(t *testing.T) {
	db := open(t)
	s := expect.Must[*Statement](t)(db.Prepare("SELECT 1"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	err := db.Exec("SELECT 1")
	expect.Fails(t, err, clib.ErrClosed, "sqlite3.Database.exec: the Database is closed")
	expect.Same(t, expect.Must[int32](t)(s.Step()), SQLITE_ROW)
	s.Close()
	_, err = s.Step()
	expect.Fails(t, err, clib.ErrClosed, "sqlite3.Statement.step: the Statement is closed")
}

func TestAHandlerLivesWithWhatNeedsItsDatabase(t *testing.T) {
	calls := 0
	query := func() *Statement {
		db := expect.Must[*Database](t)(NewDatabase(":memory:"))
		db.ProgressHandler(10, func() (int32, error) { calls++; return 0, nil })
		return expect.Must[*Statement](t)(db.Prepare(
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT sum(i) FROM n"))
	}()
	defer query.Close()
	for range 3 {
		runtime.GC()
		expect.Same(t, expect.Must[int32](t)(query.Step()), SQLITE_ROW)
		query.Reset()
	}
	if calls == 0 {
		t.Fatal("it was not called")
	}
}

func TestProgressHandlers(t *testing.T) {
	db := open(t)
	calls := 0
	db.ProgressHandler(10, func() (int32, error) { calls++; return 0, nil })
	run(t, db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT sum(i) FROM n")
	if calls == 0 {
		t.Fatal("it was not called")
	}
	db.ProgressHandler(0, nil)
	before := calls
	run(t, db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT sum(i) FROM n")
	expect.Same(t, calls, before)
}

func TestSerialize(t *testing.T) {
	db := open(t)
	run(t, db, "CREATE TABLE t (a)")
	_, bytes, err := serialized(db)
	if err != nil || !strings.HasPrefix(string(bytes), "SQLite format 3") {
		t.Fatal(len(bytes), err)
	}
}

func serialized(db *Database) (int, []byte, error) {
	bytes, err := db.Serialize()
	return len(bytes), bytes, err
}

func TestBlobs(t *testing.T) {
	db := open(t)
	run(t, db, "CREATE TABLE t (b); INSERT INTO t VALUES (zeroblob(10))")
	blob := expect.Must[*Blob](t)(db.BlobOpenWith("main", "t", "b", 1, 1))
	if err := blob.WriteWith([]byte("abc"), 2); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, string(expect.Must[[]byte](t)(blob.ReadWith(3, 2))), "abc")
	_, err := blob.ReadWith(3, 9)
	if err == nil {
		t.Fatal("read beyond the end")
	}
	blob.Close()
}

func TestOneConnectionForManyGoroutines(t *testing.T) {
	db := open(t)
	run(t, db, "CREATE TABLE t (a)")
	var group sync.WaitGroup
	for i := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			s := expect.Must[*Statement](t)(db.Prepare("INSERT INTO t VALUES (?)"))
			defer s.Close()
			for range 100 {
				s.BindInt(1, int32(i))
				s.Step()
				s.Reset()
			}
		}()
	}
	group.Wait()
	expect.Same(t, *ask(t, db, "SELECT count(*) FROM t"), "800")
}

func TestForgottenDatabases(t *testing.T) {
	before := expect.Must[int64](t)(MemoryUsed())
	for range 50 {
		db := expect.Must[*Database](t)(NewDatabase(":memory:"))
		run(t, db, "CREATE TABLE t (a)")
		expect.Must[*Statement](t)(db.Prepare("SELECT * FROM t"))
	}
	expect.Collected(t, func() bool { return expect.Must[int64](t)(MemoryUsed()) <= before+64<<10 })
}

func TestMemoryStaysFlat(t *testing.T) {
	db := open(t)
	s := expect.Must[*Statement](t)(db.Prepare("SELECT 'text', ?"))
	defer s.Close()
	var before, after runtime.MemStats
	rounds := func(n int) {
		for range n {
			s.BindText(1, "hello")
			s.Step()
			s.ColumnText(0)
			s.Reset()
		}
		runtime.GC()
	}
	rounds(1000)
	runtime.ReadMemStats(&before)
	rounds(100000)
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+1<<20 {
		t.Fatalf("%d bytes became %d", before.HeapAlloc, after.HeapAlloc)
	}
}

func BenchmarkColumnInt(b *testing.B) {
	db := open(b)
	s := expect.Must[*Statement](b)(db.Prepare("SELECT 1"))
	defer s.Close()
	s.Step()
	b.ReportAllocs()
	for b.Loop() {
		s.ColumnInt(0)
	}
}
