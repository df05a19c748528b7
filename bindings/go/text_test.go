package isthmus

import (
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Texts of all lengths and kinds go over and come back as they were.
func TestTexts(t *testing.T) {
	ctx := realm(t)
	echo, err := js(t, ctx, "(s, n) => { if (s.length !== n) throw s.length; return s }").AsFunction()
	if err != nil {
		t.Fatal(err)
	}
	lengths := []int{0, 1, 7, 8, 9, 63, 64, 65, short - 1, short, short + 1, native.FrameText - 1, native.FrameText,
		native.FrameText + 1, 128<<10 - 1, 128 << 10, 128<<10 + 1}
	for _, unit := range []string{"x", "\u00e9", "\u20ac", "\U0001F600", "\xed\xa0\x80", "\x00"} {
		units := 1
		if unit == "\U0001F600" {
			units = 2
		}
		for _, length := range lengths {
			for _, end := range []string{"", "y", "\u00ff"} {
				text := strings.Repeat(unit, length) + end
				v, err := echo.Call(nil, text, units*length+utf8.RuneCountInString(end))
				if err != nil {
					t.Fatalf("%d times %q and %q: %v", length, unit, end, err)
				}
				if got := v.String(); got != text {
					t.Fatalf("%d times %q and %q: %.20q, %d bytes", length, unit, end, got, len(got))
				}
				v.Release()
			}
		}
	}
}

func TestTextsThatAreNone(t *testing.T) {
	ctx := realm(t)
	o := object(t, ctx, "({})")
	for _, text := range []string{"\xff", "a\xc3", "\xc0\x80", "\xed\xa0", "\xed\x00\x80", "\xf4\x90\x80\x80", "\x80",
		strings.Repeat("x", 200<<10) + "\xff", strings.Repeat("\u00e9", short) + "\xe9"} {
		for _, err := range []error{o.Set("x", text), o.Set(text, "x")} {
			refused(t, err, "isthmus: string and string: it is not valid UTF-8")
		}
		_, err := JSONParse(ctx, text)
		refused(t, err, "isthmus: string and JSON text: it is not valid UTF-8")
	}
	// Two halves are one character.
	if err := o.Set("x", "\xed\xa0\xbd\xed\xb8\x80"); err != nil {
		t.Fatal(err)
	}
	if v, err := o.Get("x"); err != nil || v.String() != "\U0001F600" {
		t.Fatal(v, err)
	}
}

// What is copied may go away.
func TestTextsInOtherMemory(t *testing.T) {
	ctx := realm(t)
	o := object(t, ctx, "({})")
	for _, length := range []int{10, short + 1, 300 << 10} {
		memory, err := syscall.Mmap(-1, 0, length, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		for i := range memory {
			memory[i] = 'm'
		}
		err = o.Set("text", unsafe.String(&memory[0], length))
		if unmapped := syscall.Munmap(memory); err != nil || unmapped != nil {
			t.Fatal(err, unmapped)
		}
		if v, err := o.Get("text"); err != nil || v.String() != strings.Repeat("m", length) {
			t.Fatal(length, err)
		}
	}
}

// More names than are remembered are still names.
func TestManyNames(t *testing.T) {
	ctx := realm(t)
	o := object(t, ctx, "({})")
	for round := range 2 {
		for i := range manyNames + 100 {
			name := "name" + string(rune(0x4e00+i))
			if round == 0 {
				if err := o.Set(name, i); err != nil {
					t.Fatal(err)
				}
			} else if v, err := o.Get(name); err != nil || v.Integer() != int64(i) {
				t.Fatal(name, v, err)
			}
		}
	}
	if n := len(ctx.Isolate().names.known); n > manyNames {
		t.Fatal(n)
	}
}

func FuzzText(f *testing.F) {
	ctx := realm(f)
	echo, err := js(f, ctx, "s => [...'' + s].join('')").AsFunction()
	if err != nil {
		f.Fatal(err)
	}
	o := object(f, ctx, "({})")
	for _, text := range []string{"", "x", "h\u00e9", "\U0001F600", "\xed\xa0\x80", "\xed\xa0\xbd\xed\xb8\x80", "\xff", "__proto__", "7"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := echo.Call(nil, text)
		if !isText(text) {
			refused(t, err, "isthmus: string and string: it is not valid UTF-8")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		// Two halves that stand together are one character from then on.
		again, err := echo.Call(nil, v)
		if err != nil || again.String() != v.String() || utf8.ValidString(text) && v.String() != text {
			t.Fatalf("%q came back as %q, then as %q (%v)", text, v, again, err)
		}
		if text == "__proto__" {
			return
		}
		if err := o.Set(text, text); err != nil {
			t.Fatal(err)
		}
		got, err := o.Get(text)
		keys, err2 := o.Keys()
		if err != nil || err2 != nil || !got.StrictEquals(v) || len(keys) != 1 || keys[0] != v.String() || !o.Delete(text) {
			t.Fatalf("%q is %q among %q (%v, %v)", text, got, keys, err, err2)
		}
	})
}
