package isthmus

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
)

func TestRunScript(t *testing.T) {
	iso := NewIsolate(WithHeapLimit(64 << 20))
	defer iso.Close()
	ctx := iso.NewContext()
	defer ctx.Close()
	v, err := ctx.RunScript("({x: 1.5})", "main.js")
	if err != nil {
		t.Fatal(err)
	}
	x, err := (&Object{v}).Get("x")
	if err != nil || x.native.Type != 4 {
		t.Fatal(x, err)
	}
	_, err = ctx.RunScript("throw new TypeError('no')", "main.js")
	var js *JSError
	if !errors.As(err, &js) || js.Error() != "TypeError: no" || js.Location != "main.js:1:1" && js.Location != "main.js:1:7" {
		t.Fatalf("%v at %s: %+v", err, js.Location, err)
	}
}

func TestErrorFormats(t *testing.T) {
	ctx := realm(t)
	for source, want := range map[string]string{
		"let b =\n  ;": "SyntaxError: Unexpected token ';'\n    at a.js:2:3",
		"null.x":       "TypeError: Cannot read properties of null (reading 'x')\n    at a.js:1:6",
	} {
		_, err := ctx.RunScript(source, "a.js")
		if got := fmt.Sprintf("%+v", err); got != want {
			t.Errorf("%s: %s", source, got)
		}
		if got, text := fmt.Sprintf("%q %v", err, err), err.Error(); got != strconv.Quote(text)+" "+text {
			t.Errorf("%s: %s", source, got)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	v, _ := ctx.RunScript("({x: 1.5})", "main.js")
	o := &Object{v}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Get("x"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetInDo(b *testing.B) {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	v, _ := ctx.RunScript("({x: 1.5})", "main.js")
	o := &Object{v}
	b.ReportAllocs()
	_ = iso.Do(func(*Scope) error {
		for b.Loop() {
			if _, err := o.Get("x"); err != nil {
				b.Fatal(err)
			}
		}
		return nil
	})
}
