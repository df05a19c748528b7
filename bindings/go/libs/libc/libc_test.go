package libc

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestStrings(t *testing.T) {
	expect.Same(t, expect.Must[uint64](t)(Strlen("häuser")), 7)
	expect.Same(t, expect.Must[int](t)(Strchr("hello", 'l')), 2)
	expect.Same(t, expect.Must[int](t)(Strstr("hello", "x")), -1)
	expect.Same(t, expect.Must[string](t)(Strdup("hello")), "hello")
	number, end, errno, err := Strtol("12 apples")
	if number != 12 || end != 2 || errno != 0 || err != nil {
		t.Fatal(number, end, errno, err)
	}
	_, _, errno, _ = Strtoll("99999999999999999999")
	expect.Same(t, errno, ERANGE)
	_, err = Isalpha(256)
	expect.Fails(t, err, clib.ErrRange, "libc.isalpha: c: expected an integer from -1 to 255, got 256")
}

func TestSorting(t *testing.T) {
	numbers := []int32{30, 4, 2}
	compare := func(a, b []byte) (int32, error) { return int32(a[0]) - int32(b[0]), nil }
	if err := Qsort(clib.Bytes(numbers), 3, 4, compare); err != nil || !slices.Equal(numbers, []int32{2, 4, 30}) {
		t.Fatal(numbers, err)
	}
	at := expect.Must[int](t)(Bsearch(clib.Bytes([]int32{4}), clib.Bytes(numbers), 3, compare))
	expect.Same(t, at, 4) // in bytes
	err := Qsort(clib.Bytes(numbers), 4, 4, compare)
	expect.Fails(t, err, clib.ErrRange, "libc.qsort: base: expected at least 16 bytes, got 12")
}

func TestTime(t *testing.T) {
	when := TmOf(t, 86400)
	expect.Same(t, when.TmMday, 2)
	expect.Same(t, *when.TmZone, "GMT")
	when = Tm{TmYear: 70, TmMday: 33}
	expect.Same(t, expect.Must[int64](t)(Timegm(&when)), 32*86400)
	expect.Same(t, when.TmMon, 1)
	expect.Same(t, expect.Must[string](t)(Strftime(100, "%Y-%m-%d", when)), "1970-02-02")
	spec := expect.Must[Timespec](t)(ClockGettime(CLOCK_MONOTONIC))
	if spec.TvSec == 0 && spec.TvNsec == 0 {
		t.Fatal("the clock stands still")
	}
}

func TmOf(t *testing.T, seconds int64) Tm { return expect.Must[Tm](t)(Gmtime(seconds)) }

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	file := expect.Must[*File](t)(NewFileWith(path, "w"))
	if n, _, err := file.Fwrite([]byte("line 1\nline 2\n")); n != 14 || err != nil {
		t.Fatal(n, err)
	}
	if err := file.Fclose(); err != nil {
		t.Fatal(err)
	}
	status := expect.Must[StatT](t)(Stat(path))
	expect.Same(t, status.StSize, 14)
	expect.Same(t, status.StMode&S_IFMT, S_IFREG)
	file = expect.Must[*File](t)(NewFile(path))
	defer file.Close()
	_, line, _, err := file.Fgets(100)
	if err != nil || line != "line 1\n" {
		t.Fatal(line, err)
	}
	if rest, _, err := file.Fread(100); err != nil || !bytes.Equal(rest, []byte("line 2\n")) {
		t.Fatal(rest, err)
	}
	_, err = NewFile(path + ".none")
	var failure *OpenError
	if !errors.As(err, &failure) || failure.Code != ENOENT {
		t.Fatal(err)
	}
	expect.Same(t, err.Error(), "libc.File: No such file or directory")
	_, err = Stat("\x00")
	expect.Fails(t, err, clib.ErrArgument, "libc.stat: path: expected a string without NUL characters")
}

func TestDirectories(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", "b", strings.Repeat("x", 200)} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := expect.Must[*Directory](t)(NewDirectory(folder))
	var names []string
	var last *Dirent
	for {
		entry := expect.Must[*Dirent](t)(d.Readdir())
		if entry == nil {
			break
		}
		names = append(names, expect.Must[string](t)(entry.DName()))
		last = entry
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{".", "..", "a", "b", strings.Repeat("x", 200)}) {
		t.Fatal(names)
	}
	_, err := last.DName()
	expect.Fails(t, err, clib.ErrClosed, "libc.Dirent.d_name: the Dirent is no longer valid after libc.Directory.readdir")
	d.Close()
}

func TestUsers(t *testing.T) {
	user := expect.Must[*Passwd](t)(Getpwuid(0))
	expect.Same(t, *expect.Must[*string](t)(user.PwName()), "root")
	other := expect.Must[*Passwd](t)(Getpwnam("nobody-has-this-name"))
	if other != nil {
		t.Fatal("somebody has this name")
	}
	_, err := user.PwName()
	expect.Fails(t, err, clib.ErrClosed, "libc.Passwd.pw_name: the Passwd is no longer valid after libc.getpwnam")
}

func TestTheSystem(t *testing.T) {
	name := expect.Must[Utsname](t)(Uname())
	expect.Same(t, name.Sysname, "Linux")
	expect.Same(t, Getpid(), int32(os.Getpid()))
	t.Setenv("CLIB_TEST", "value")
	expect.Same(t, *expect.Must[*string](t)(Getenv("CLIB_TEST")), "value")
	if none := expect.Must[*string](t)(Getenv("CLIB_NONE")); none != nil {
		t.Fatal(*none)
	}
	quotient := expect.Must[DivT](t)(Div(7, 2))
	expect.Same(t, quotient, DivT{Quot: 3, Rem: 1})
}
