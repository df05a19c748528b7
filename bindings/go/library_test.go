package isthmus

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	ctx := fresh(t)
	zlib, err := OpenLibrary("zlib")
	if err != nil {
		t.Fatal(err)
	}
	if zlib.Name() != "zlib" {
		t.Fatal(zlib.Name())
	}
	exports, err := ctx.Load(zlib)
	if err != nil {
		t.Fatal(err)
	}
	global, _ := ctx.Global()
	if err := global.Set("zlib", exports); err != nil {
		t.Fatal(err)
	}
	if got := text(t, ctx, "zlib.crc32(0, new Uint8Array([1, 2, 3]))"); got != "1438416925" {
		t.Fatal(got)
	}
	if got := text(t, ctx, "'use strict'; try { zlib.crc32 = 1 } catch (e) { String(e) }"); !strings.HasPrefix(got, "TypeError: Cannot assign to read only property") {
		t.Fatal(got)
	}
	_, err = ctx.Load(zlib, "nonsense")
	says(t, err, `isthmus: Load: zlib has no function with the tag "nonsense"`)
	_, err = ctx.Load(nil)
	says(t, err, "isthmus: Load: the library was not made by OpenLibrary or its kin")
	_, err = ctx.Load(zlib, "a\x00b")
	says(t, err, "isthmus: Load: the tag has a NUL within")
	_ = ctx.Close()
	if _, err = ctx.Load(zlib); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestImportALibrary(t *testing.T) {
	ctx := fresh(t, WithLibrary("zlib"))
	namespace, err := ctx.RunModule(context.Background(),
		"import {crc32} from 'ffi:zlib'; import * as all from 'ffi:zlib'; export const sum = crc32(0, Uint8Array.of(1, 2, 3)), same = all.crc32 === crc32",
		"main.mjs")
	if err != nil || namespaceText(namespace, "sum") != "1438416925" || namespaceText(namespace, "same") != "true" {
		t.Fatal(err)
	}
	_, err = ctx.RunModule(context.Background(), "import 'ffi:sqlite3'", "main.mjs")
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	says(t, refused, `isthmus: import: ffi:sqlite3 is not allowed: the context was not granted it by WithLibrary("sqlite3")`)
	zlib, err := OpenLibrary("zlib")
	if err != nil {
		t.Fatal(err)
	}
	ctx = fresh(t, WithOpenLibrary(zlib))
	if _, err := ctx.Import(context.Background(), "ffi:zlib"); err != nil {
		t.Fatal(err)
	}
}

func TestLibraryFails(t *testing.T) {
	for _, each := range []struct {
		try  func() (*Library, error)
		want string
	}{
		{func() (*Library, error) { return OpenLibrary("no_such") }, "isthmus: OpenLibrary: Cannot find"},
		{func() (*Library, error) { return OpenLibrary("./no_such.idl") }, "isthmus: OpenLibrary: Cannot find the interface file './no_such.idl'"},
		{func() (*Library, error) { return OpenLibrary("a\x00b") }, "isthmus: OpenLibrary: the name has a NUL within"},
		{func() (*Library, error) { return OpenLibraryText("nonsense", "my.idl") }, "isthmus: OpenLibraryText: my.idl: the interface file has 2 errors:\n  my.idl:1:9: error: "},
		{func() (*Library, error) { return OpenLibraryText("", "a\x00b") }, "isthmus: OpenLibraryText: the file has a NUL within"},
		{func() (*Library, error) { return OpenLibraryDescriptor("{}") }, "isthmus: OpenLibraryDescriptor: "},
	} {
		library, err := each.try()
		if library != nil || err == nil || !strings.HasPrefix(err.Error(), each.want) {
			t.Errorf("got %v, want %s", err, each.want)
		}
		if missing := strings.Contains(each.want, "Cannot find"); missing != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: is it not there?", err)
		}
	}
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext(WithLibrary("no_such"))
	if err := ctx.Err(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if _, err := ctx.RunScript("1", "x.js"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := iso.NewContext(WithOpenLibrary(nil)).Err(); err == nil {
		t.Fatal("no library was granted")
	}
}
