// Texts, in the package that is made of tests/fixture/texts.idl.
package texts

import (
	"strings"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestTextGoesIn(t *testing.T) {
	size := expect.Must[uint64](t)
	expect.Same(t, size(TextLength("häuser")), 7)
	expect.Same(t, size(TextLength("")), 0)
	expect.Same(t, size(TextLength(strings.Repeat("x", 1<<20))), 1<<20)
	expect.Same(t, expect.Must[int32](t)(TextByte("ä", 0)), 0xC3)
	_, err := TextLength("a\x00b")
	expect.Fails(t, err, clib.ErrArgument, "texts.text_length: s: expected a string without NUL characters")
	expect.Same(t, size(TextLengthOr()), size(TextLengthOrWith(nil)))
	expect.Same(t, size(TextLengthOrWith(clib.Of("four"))), 4)
	_, err = TextLengthOrWith(clib.Of("\x00"))
	expect.Fails(t, err, clib.ErrArgument, "texts.text_length_or: s: expected a string without NUL characters")
}

func TestOtherEncodings(t *testing.T) {
	expect.Same(t, expect.Must[uint64](t)(LatinLength("häuser")), 6)
	expect.Same(t, expect.Must[int32](t)(LatinByte("ä", 0)), 0xE4)
	_, err := LatinLength("€")
	expect.Fails(t, err, clib.ErrArgument, "texts.latin_length: s: expected a string of Latin-1 characters, got \"€\"")
	expect.Same(t, expect.Must[uint64](t)(WideLength("a😀")), 3)
	expect.Same(t, expect.Must[int32](t)(WideUnit("a😀", 1)), 0xD83D)
	_, err = WideLength("a\x00")
	expect.Fails(t, err, clib.ErrArgument, "texts.wide_length: s: expected a string without NUL characters")
	if text := expect.Must[string](t)(LatinStatic()); !strings.ContainsAny(text, "äé") {
		t.Fatalf("not Latin-1: %q", text)
	}
	if text := expect.Must[string](t)(WideStatic()); text == "" {
		t.Fatal("no text")
	}
}

func TestTextComesBack(t *testing.T) {
	if expect.Must[string](t)(TextStatic()) == "" {
		t.Fatal("no text")
	}
	if TextMaybe(false) != nil {
		t.Fatal("a NULL became text")
	}
	if TextMaybe(true) == nil {
		t.Fatal("text became nil")
	}
	_, err := TextNever()
	expect.Fails(t, err, clib.ErrNull, "texts.text_never: the result is NULL")
	if expect.Must[string](t)(TextOfBytes()) == "" {
		t.Fatal("no text")
	}
	expect.Same(t, expect.Must[int8](t)(TextChar("abc")), 'a')
	if text, err := TextPoint2(); err != nil || text == "" {
		t.Fatal(text, err)
	}
}

// TextPoint2 gives what text_point says, without its result.
func TextPoint2() (string, error) {
	_, said, err := TextPoint()
	return said, err
}

func TestOwnedTextIsFreed(t *testing.T) {
	for range 1000 {
		expect.Same(t, expect.Must[string](t)(TextDouble("ab")), "abab")
		if text, err := TextDoubleOrNull("ab"); err != nil || text == nil || *text != "abab" {
			t.Fatal(text, err)
		}
		if _, made, err := TextMake("made"); err != nil || made == "" {
			t.Fatal(made, err)
		}
	}
	expect.Same(t, TextLive(), 0)
}

func TestCountedText(t *testing.T) {
	expect.Same(t, TextSum("a\x00b"), 'a'*31*31+'b')
	expect.Same(t, TextSum(""), 0)
	expect.Same(t, BytesSum([]int8{1, 2, -1}), BytesSum([]int8{1, 2, -1}))
	expect.Same(t, NamedSum("ab"), 'a'*31+'b')
	if text := expect.Must[string](t)(TextFill(8)); len(text) > 7 {
		t.Fatalf("%q", text)
	}
	_, exact, err := TextFillExact(8)
	if err != nil || len(exact) > 8 {
		t.Fatalf("%q %v", exact, err)
	}
	expect.Same(t, expect.Must[string](t)(TextUpper("hello")), "HELLO")
	if bytes := expect.Must[[]int8](t)(BytesFill(4)); len(bytes) != 4 {
		t.Fatal(bytes)
	}
}

func TestWithin(t *testing.T) {
	index := expect.Must[int](t)
	expect.Same(t, index(TextFind("häuser", 's')), strings.IndexByte("häuser", 's'))
	expect.Same(t, index(TextFind("häuser", 'x')), -1)
	expect.Same(t, index(TextFindIn("a\x00b", 'b')), 2)
	number, end, err := TextNumber("12 apples")
	if number != 12 || end != 2 || err != nil {
		t.Fatal(number, end, err)
	}
}

func TestArraysOfText(t *testing.T) {
	expect.Same(t, expect.Must[uint64](t)(TextJoinLength([]string{"one", "", "three"})), 8)
	expect.Same(t, expect.Must[uint64](t)(TextJoinLength(nil)), 0)
	expect.Same(t, expect.Must[uint64](t)(TextCount([]string{"a", "b"})), 2)
	_, err := TextJoinLength([]string{"a", "\x00"})
	expect.Fails(t, err, clib.ErrArgument, "texts.text_join_length: list[1]: expected a string without NUL characters")
}
