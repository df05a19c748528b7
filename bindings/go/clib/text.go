package clib

import (
	"strings"
	"unicode/utf16"
	"unsafe"
)

// Text gives a string as C takes it, with a NUL at its end; one within is an error.
func Text(f *Function, parameter, text string) ([]byte, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, f.Wrong(parameter, "expected a string without NUL characters")
	}
	bytes := make([]byte, len(text)+1)
	copy(bytes, text)
	return bytes, nil
}

// TextOrNull is [Text] for what may be NULL: nil.
func TextOrNull(f *Function, parameter string, text *string) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	return Text(f, parameter, *text)
}

// Latin1 gives a string in Latin-1 with a NUL at its end. `counted` allows NUL within.
func Latin1(f *Function, parameter, text string, counted bool) ([]byte, error) {
	bytes := make([]byte, 0, len(text)+1)
	for _, one := range text {
		if one > 0xFF {
			return nil, f.Expected(parameter, "a string of Latin-1 characters", text)
		}
		if one == 0 && !counted {
			return nil, f.Wrong(parameter, "expected a string without NUL characters")
		}
		bytes = append(bytes, byte(one))
	}
	return append(bytes, 0), nil
}

// UTF16 gives a string in UTF-16 with a NUL at its end. `counted` allows NUL within.
func UTF16(f *Function, parameter, text string, counted bool) ([]uint16, error) {
	if !counted && strings.IndexByte(text, 0) >= 0 {
		return nil, f.Wrong(parameter, "expected a string without NUL characters")
	}
	return append(utf16.Encode([]rune(text)), 0), nil
}

// GoText copies C's text up to its NUL. Bytes that are not UTF-8 stay as they are, as everywhere in
// Go.
func GoText(at unsafe.Pointer) string {
	if at == nil {
		return ""
	}
	length := 0
	for *(*byte)(unsafe.Add(at, length)) != 0 {
		length++
	}
	return string(unsafe.Slice((*byte)(at), length))
}

// GoLatin1 copies text in Latin-1.
func GoLatin1(at unsafe.Pointer) string {
	return FromLatin1([]byte(GoText(at)))
}

// FromLatin1 makes a string of bytes in Latin-1.
func FromLatin1(bytes []byte) string {
	var text strings.Builder
	for _, one := range bytes {
		text.WriteRune(rune(one))
	}
	return text.String()
}

// GoUTF16 copies text in UTF-16.
func GoUTF16(at unsafe.Pointer) string {
	if at == nil {
		return ""
	}
	length := 0
	for *(*uint16)(unsafe.Add(at, 2*length)) != 0 {
		length++
	}
	return FromUTF16(unsafe.Slice((*uint16)(at), length))
}

// FromUTF16 makes a string of units of UTF-16.
func FromUTF16(units []uint16) string { return string(utf16.Decode(units)) }

// UpToNul cuts text that C has written at its first NUL.
func UpToNul[T byte | uint16](units []T) []T {
	for i, one := range units {
		if one == 0 {
			return units[:i]
		}
	}
	return units
}

// OrNull converts a text that may be NULL: nil.
func OrNull(at unsafe.Pointer, text func(unsafe.Pointer) string) *string {
	if at == nil {
		return nil
	}
	one := text(at)
	return &one
}
