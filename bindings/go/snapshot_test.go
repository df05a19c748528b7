package isthmus

import (
	"runtime"
	"testing"
)

func TestSnapshot(t *testing.T) {
	snapshot, err := NewSnapshot([]SnapshotScript{
		{"globalThis.table = [1, 4, 9]", "table.js"},
		{"globalThis.sum = () => table.reduce((a, b) => a + b); table.push(16)", ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := snapshot.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadSnapshot(bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []*Snapshot{snapshot, again} {
		iso := NewIsolate(WithSnapshot(each))
		for range 2 {
			ctx := iso.NewContext()
			if got := text(t, ctx, "table.push(25); sum()"); got != "55" {
				t.Fatal(got)
			}
			if got := text(t, ctx, "typeof console.log + typeof setTimeout"); got != "functionfunction" {
				t.Fatal(got)
			}
		}
		_ = iso.Close()
	}
	runtime.KeepAlive(snapshot)
}

// An isolate keeps what it needs of a snapshot that is forgotten.
func TestForgottenSnapshot(t *testing.T) {
	iso := func() *Isolate {
		snapshot, err := NewSnapshot([]SnapshotScript{{"globalThis.x = 7", ""}})
		if err != nil {
			t.Fatal(err)
		}
		return NewIsolate(WithSnapshot(snapshot))
	}()
	defer iso.Close()
	for range 3 {
		runtime.GC()
	}
	if got := text(t, iso.NewContext(), "x"); got != "7" {
		t.Fatal(got)
	}
}

func TestSnapshotOfALibrary(t *testing.T) {
	zlib, err := OpenLibrary("zlib")
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := NewSnapshot([]SnapshotScript{{"globalThis.crc = (s) => zlib.crc32(0, Uint8Array.from(s))", ""}}, zlib)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := snapshot.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadSnapshot(bytes, zlib)
	if err != nil {
		t.Fatal(err)
	}
	iso := NewIsolate(WithSnapshot(again))
	defer iso.Close()
	if got := text(t, iso.NewContext(), "crc([1, 2, 3])"); got != "1438416925" {
		t.Fatal(got)
	}
	if _, err := ReadSnapshot(bytes); err == nil {
		t.Fatal("a snapshot was read without its library")
	}
}

func TestSnapshotFails(t *testing.T) {
	for _, each := range []struct{ source, want string }{
		{"1 +", "SyntaxError: Unexpected end of input"},
		{"throw new TypeError('no')", "TypeError: no"},
		{"Promise.reject(new Error('nobody')); 0", "Error: nobody"},
		{"\xff", "isthmus: string and source: it is not valid UTF-8"},
	} {
		_, err := NewSnapshot([]SnapshotScript{{each.source, "s.js"}})
		says(t, err, each.want)
	}
	_, err := NewSnapshot([]SnapshotScript{{"1", "s\x00"}})
	says(t, err, "isthmus: NewSnapshot: the origin has a NUL within")
	_, err = NewSnapshot(nil, nil)
	says(t, err, "isthmus: NewSnapshot: library 1 was not made by OpenLibrary or its kin")
	_, err = ReadSnapshot(nil, nil)
	says(t, err, "isthmus: ReadSnapshot: library 1 was not made by OpenLibrary or its kin")
	for _, bytes := range [][]byte{nil, []byte("nonsense"), make([]byte, 4096)} {
		_, err := ReadSnapshot(bytes)
		says(t, err, "isthmus: ReadSnapshot: the bytes are not well-formed")
	}
	for _, none := range []*Snapshot{nil, {}} {
		_, err = none.Bytes()
		says(t, err, "isthmus: Bytes: the snapshot was not made by NewSnapshot or ReadSnapshot")
	}
	iso := NewIsolate(WithSnapshot(nil))
	defer iso.Close()
	if err := iso.Err(); err != nil {
		t.Fatal(err)
	}
}
