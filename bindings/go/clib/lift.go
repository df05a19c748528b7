package clib

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// Element names an element of an argument, for errors.
func Element(parameter string, index int) string { return fmt.Sprintf("%s[%d]", parameter, index) }

// In puts what an error of [At] is about inside of something.
func In(place string, err error) error {
	if inner, ok := err.(*Error); ok {
		if inner.Parameter != "" && !strings.HasPrefix(inner.Parameter, "[") {
			place += "."
		}
		inner.Parameter = place + inner.Parameter
	}
	return err
}

// At says where the error of a struct's field has come about.
func (f *Function) At(parameter string, err error) error {
	if inner, ok := In(parameter, err).(*Error); ok {
		inner.Library, inner.Function = f.Library.Name, f.Name
	}
	return err
}

// BadField is the error of a field that does not hold its number.
func BadField(field, what string, got any) error {
	return &Error{Parameter: field, Text: "expected " + what + ", got " + shown(got), Kind: ErrRange}
}

// Unselected is the error of a member of a union that the tag does not select.
func Unselected(field, tag string, now int64) error {
	return &Error{Parameter: field, Text: fmt.Sprintf("is not there when %s is %d", tag, now), Kind: ErrArgument}
}

// Nil is the error of a destructor that was called of nothing; as Close it may be.
func (f *Function) Nil(kind *Type, again bool) error {
	if again {
		return nil
	}
	return f.Expected("", "this to be "+article(kind.Name), nil)
}

// Index gives an offset in bytes as an index in elements; -1 for NULL.
func Index(f *Function, output, whole string, offset int64, length int, size int64, null bool) (int, error) {
	if offset == math.MinInt64 {
		if null {
			return -1, nil
		}
		return -1, f.Null(output)
	}
	if offset < 0 || offset > int64(length)*size {
		return -1, f.fail(ErrRange, output, "C gave a pointer that is not within "+whole)
	}
	return int(offset / size), nil
}

// A Flag is a value of flags with its name.
type Flag struct {
	Name  string
	Value uint64
}

// FlagNames gives the names of the flags in a value, and what is left as a number.
func FlagNames(value uint64, flags []Flag) string {
	var names []string
	for _, one := range flags {
		if one.Value == value {
			return one.Name
		}
	}
	for _, one := range flags {
		if one.Value != 0 && value&one.Value == one.Value {
			names = append(names, one.Name)
			value &^= one.Value
		}
	}
	if value != 0 || len(names) == 0 {
		names = append(names, "0x"+strconv.FormatUint(value, 16))
	}
	return strings.Join(names, "|")
}

// NoName gives the text of a value that its type has no name for.
func NoName(kind string, value int64) string { return fmt.Sprintf("%s(%d)", kind, value) }

// Or gives what a pointer points to, or the zero value.
func Or[T any](at *T) T {
	if at == nil {
		var zero T
		return zero
	}
	return *at
}

// BytesOf gives the bytes of a text that may be NULL: nil.
func BytesOf(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// If gives an address, or NULL.
func If(there bool, at *uint8) *uint8 {
	if there {
		return at
	}
	return nil
}

// Cell gives the address of one number; nil is NULL.
func Cell[T any](at *T) *uint8 { return (*uint8)(unsafe.Pointer(at)) }

// Ended gives a copy of numbers with a zero at its end, which ends them for C.
func Ended[T Number](f *Function, parameter string, numbers []T) ([]T, error) {
	for _, one := range numbers {
		if one == 0 {
			return nil, f.Wrong(parameter, "expected no zero element, which would end it")
		}
	}
	return append(append(make([]T, 0, len(numbers)+1), numbers...), 0), nil
}

// CountUpToZero counts elements up to one that is zero.
func CountUpToZero(at unsafe.Pointer, size int64) int64 {
	count := int64(0)
	for at != nil {
		for i := int64(0); ; i++ {
			if i == size {
				return count
			}
			if *(*byte)(unsafe.Add(at, count*size+i)) != 0 {
				break
			}
		}
		count++
	}
	return count
}

// Texts copies an array of texts; a NULL is "".
func Texts(at unsafe.Pointer, count int64) []string {
	made := make([]string, 0, max(count, 0))
	for _, one := range View[unsafe.Pointer](at, count) {
		made = append(made, GoText(one))
	}
	return made
}

// TextsOrNull copies an array of texts; a NULL is nil.
func TextsOrNull(at unsafe.Pointer, count int64) []*string {
	made := make([]*string, 0, max(count, 0))
	for _, one := range View[unsafe.Pointer](at, count) {
		made = append(made, OrNull(one, GoText))
	}
	return made
}

// CountedText copies text of a length; NULL is nil.
func CountedText(at unsafe.Pointer, count int64) *string {
	if at == nil {
		return nil
	}
	text := string(Copy[byte](at, count))
	return &text
}

// GoTextAtMost copies text that ends with a NUL or with its array. What is behind the NUL is not read.
func GoTextAtMost(at unsafe.Pointer, size int) string {
	length := 0
	for length < size && *(*byte)(unsafe.Add(at, length)) != 0 {
		length++
	}
	return string(unsafe.Slice((*byte)(at), length))
}

// Truth gives a bool as C has it.
func Truth(value bool) int64 {
	if value {
		return 1
	}
	return 0
}

// FitsBits tells whether a bit-field can hold a number.
func FitsBits(value int64, width int, signed bool) bool {
	if signed {
		return value>>(width-1) == 0 || value>>(width-1) == -1
	}
	return uint64(value)>>width == 0
}

// PutCount writes the count of a counted field.
func PutCount[T Number](image []byte, at int, count int) error {
	value := T(count)
	if value < 0 || uint64(value) != uint64(count) {
		return &Error{Text: "expected fewer elements, got " + shown(count), Kind: ErrRange}
	}
	Put(image, at, value)
	return nil
}

// PutText writes text, and the zeros behind it, into an array of a struct.
func PutText(image []byte, at, size int, text []byte) error {
	if len(text) > size {
		return &Error{Text: fmt.Sprintf("expected a text of at most %d bytes, got %d", size, len(text)), Kind: ErrRange}
	}
	clear(image[at+copy(image[at:], text) : at+size])
	return nil
}

// TextOf gives the bytes of a text.
func TextOf(text string) []byte { return []byte(text) }

// Latin1Of gives the bytes of a text in Latin-1; what that does not have is a question mark.
func Latin1Of(text string) []byte {
	bytes := make([]byte, 0, len(text))
	for _, one := range text {
		if one > 0xFF {
			one = '?'
		}
		bytes = append(bytes, byte(one))
	}
	return bytes
}

// GetText reads text from an array of a struct.
func GetText(image []byte, size int) string { return string(UpToNul(image[:size])) }

// GetLatin1 reads text in Latin-1.
func GetLatin1(image []byte, size int) string { return FromLatin1(UpToNul(image[:size])) }

// Deeper runs what puts a struct that another points to. Pointers that lead in a ring are an error.
func (a *Arena) Deeper(run func() error) error {
	if a.depth++; a.depth > 1000 {
		return &Error{Text: "structs point to one another more than 1000 deep", Kind: ErrArgument}
	}
	err := run()
	a.depth--
	return err
}
