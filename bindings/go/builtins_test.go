package isthmus

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestBigInts(t *testing.T) {
	ctx := realm(t)
	asText, err := js(t, ctx, "x => typeof x + ' ' + x").AsFunction()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"0", "1", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
		"18446744073709551616", "-18446744073709551616", "123456789012345678901234567890", "-" + strings.Repeat("7", 5000)} {
		x, _ := new(big.Int).SetString(text, 10)
		for _, make := range []func() (*Value, error){
			func() (*Value, error) { return NewBigInt(ctx, x) },
			func() (*Value, error) { return NewValue(ctx.Isolate(), x) },
		} {
			v, err := make()
			if err != nil {
				t.Fatal(err)
			}
			shown, err := asText.Call(nil, v)
			if err != nil || shown.String() != "bigint "+text || v.BigInt().Cmp(x) != 0 || v.String() != text {
				t.Fatalf("%.40s: %.40s, %.40s (%v)", text, shown, v, err)
			}
		}
	}
	for source, want := range map[string]string{"7": "7", "true": "1", "' 0x10 '": "16", "''": "0", "Object(5n)": "5",
		"'12345678901234567890'": "12345678901234567890", "2 ** 70": "1180591620717411303424"} {
		if got := js(t, ctx, source).BigInt(); got == nil || got.String() != want {
			t.Errorf("%s: %v", source, got)
		}
	}
	_, err = js(t, ctx, "'x'").ToBigInt()
	refused(t, err, "SyntaxError: Cannot convert x to a BigInt")
	_, err = js(t, ctx, "null").ToBigInt()
	refused(t, err, "TypeError: Cannot convert null to a BigInt")
	_, err = NewBigInt(nil, big.NewInt(1))
	refused(t, err, "isthmus: NewBigInt: the context is nil")
	_, err = NewBigInt(ctx, nil)
	refused(t, err, "isthmus: NewBigInt: the number is nil")
	alone := NewIsolate()
	defer alone.Close()
	_, err = NewValue(alone, big.NewInt(1))
	refused(t, err, "isthmus: NewValue: a *big.Int needs that the isolate has a context")
	huge := make([]big.Word, mostBits/64+1)
	huge[mostBits/64] = 1
	_, err = NewBigInt(ctx, new(big.Int).SetBits(huge))
	refused(t, err, "isthmus: NewBigInt: a limit was exceeded")
}

func TestDates(t *testing.T) {
	ctx := realm(t)
	for _, moment := range []time.Time{
		time.UnixMilli(0), time.UnixMilli(-1), time.Date(2024, 2, 29, 12, 30, 15, 123456789, time.FixedZone("", 3600)),
		time.UnixMilli(864e13), time.UnixMilli(-864e13), {},
	} {
		date, err := NewDate(ctx, moment)
		if err != nil {
			t.Fatal(moment, err)
		}
		got, err := date.Time()
		if err != nil || !got.Equal(moment.Truncate(time.Millisecond)) || got.Location() != time.UTC {
			t.Fatal(moment, got, err)
		}
		number := date.Number()
		if number != float64(moment.UnixMilli()) || !date.IsDate() {
			t.Fatal(moment, number)
		}
	}
	invalid, err := js(t, ctx, "new Date(NaN)").AsDate()
	if err != nil {
		t.Fatal(err)
	}
	_, err = invalid.Time()
	refused(t, err, "isthmus: time.Time and Date: it is invalid")
	_, err = NewDate(ctx, time.UnixMilli(864e13+1))
	refused(t, err, "isthmus: time.Time and Date: "+time.UnixMilli(864e13+1).String()+" is out of range")
	_, err = NewDate(nil, time.Now())
	refused(t, err, "isthmus: NewDate: the context is nil")
}

func TestRegExps(t *testing.T) {
	ctx := realm(t)
	r, err := NewRegExp(ctx, `(\d+)/(\w+)`, "gi")
	if err != nil {
		t.Fatal(err)
	}
	source, err := r.Source()
	flags, err2 := r.Flags()
	if err != nil || err2 != nil || source != `(\d+)\/(\w+)` || flags != "gi" || r.String() != `/(\d+)\/(\w+)/gi` {
		t.Fatal(source, flags, r, err, err2)
	}
	if is, err := r.Test("a 12/b"); !is || err != nil {
		t.Fatal(is, err)
	}
	if err := r.Set("lastIndex", 0); err != nil {
		t.Fatal(err)
	}
	match, err := r.Exec("a 12/b")
	if err != nil || match.String() != "12/b,12,b" {
		t.Fatal(match, err)
	}
	if match, err = r.Exec("nothing"); err != nil || !match.IsNull() {
		t.Fatal(match, err)
	}
	_, err = NewRegExp(ctx, "(", "")
	refused(t, err, "SyntaxError: Invalid regular expression: /(/: Unterminated group")
	_, err = NewRegExp(ctx, "x", "gg")
	refused(t, err, "isthmus: NewRegExp: invalid flags of a regular expression")
	_, err = NewRegExp(ctx, "x", "g\x00")
	refused(t, err, "isthmus: NewRegExp: the flags has a NUL within")
	_, err = NewRegExp(nil, "x", "")
	refused(t, err, "isthmus: NewRegExp: the context is nil")
}

func TestExceptions(t *testing.T) {
	ctx := realm(t)
	for name, make := range map[string]func(*Context, string) *Exception{
		"Error": NewError, "TypeError": NewTypeError, "RangeError": NewRangeError, "SyntaxError": NewSyntaxError,
		"ReferenceError": NewReferenceError, "WebAssembly.CompileError": NewWasmCompileError,
		"WebAssembly.LinkError": NewWasmLinkError, "WebAssembly.RuntimeError": NewWasmRuntimeError,
	} {
		message := strings.Repeat("no \u00e9 ", 2000)
		e := make(ctx, message)
		if err := e.Err(); err != nil {
			t.Fatal(err)
		}
		constructor := js(t, ctx, name)
		is, err := e.InstanceOf(constructor)
		if !is || err != nil || e.Error() != strings.TrimPrefix(name, "WebAssembly.")+": "+message || !e.IsNativeError() || fmt.Sprint(e) != e.Error() {
			t.Fatalf("%s: %.40s (%v)", name, e.Error(), err)
		}
		again, err := e.AsException()
		if err != nil || !errors.Is(again, e) || errors.Is(e, make(ctx, message)) || errors.Is(e, ErrClosed) {
			t.Fatal(err)
		}
	}
	wrapped := fmt.Errorf("while at it: %w", NewTypeError(ctx, "no"))
	var e *Exception
	if !errors.As(wrapped, &e) || wrapped.Error() != "while at it: TypeError: no" {
		t.Fatal(wrapped)
	}
	if v, err := e.Object().Get("message"); err != nil || v.String() != "no" {
		t.Fatal(v, err)
	}
	refused(t, NewError(nil, "x"), "isthmus: NewError: the context is nil")
	refused(t, NewWasmLinkError(nil, "x"), "isthmus: NewWasmLinkError: the context is nil")
	refused(t, NewWasmLinkError(ctx, "\xff"), "isthmus: string and string: it is not valid UTF-8")
	refused(t, NewError(ctx, "x\x00y"), "isthmus: NewError: the message has a NUL within")
	refused(t, NewTypeError(ctx, "\xff"), "isthmus: string and TypeError: the message is not valid UTF-8")
	_ = ctx.Close()
	if err := NewRangeError(ctx, "x").Err(); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if failed := NewRangeError(ctx, "x"); !errors.Is(failed, ErrClosed) || fmt.Sprint(failed) != ErrClosed.Error() {
		t.Fatal(failed)
	}
}

func TestFormat(t *testing.T) {
	ctx := realm(t)
	v, list := js(t, ctx, "'a\"b'"), js(t, ctx, "[1, 2]")
	for _, each := range []struct{ got, want string }{
		{fmt.Sprint(v), `a"b`},
		{fmt.Sprintf("%s %v %q", v, v, v), `a"b a"b "a\"b"`},
		{fmt.Sprintf("%v %+v", list, list), "1,2 #<Array>"},
		{fmt.Sprintf("%s", &Object{list}), "1,2"},
		{fmt.Sprintf("%d", list), "%!d(*isthmus.Value=#<Array>)"},
		{fmt.Sprint((*Object)(nil)), "<nil>"},
	} {
		if each.got != each.want {
			t.Errorf("%s, want %s", each.got, each.want)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, version := range []string{Version(), Release()} {
		if strings.Count(version, ".") < 2 {
			t.Error(version)
		}
	}
}
