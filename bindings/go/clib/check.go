package clib

import (
	"fmt"
	"math"
)

// The most bytes of a buffer that is allocated for C.
const mostBytes = 1 << 32

// Number is every type of C's numbers.
type Number interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~uintptr | ~float32 | ~float64
}

// Between checks a [[range]]. What is not a number is out of every range.
func Between[T Number](f *Function, parameter string, value, least, most T) error {
	if value >= least && value <= most {
		return nil
	}
	what := "an integer"
	switch any(value).(type) {
	case float32, float64:
		what = "a number"
	}
	return f.OutOfRange(parameter, fmt.Sprintf("%s from %v to %v", what, least, most), value)
}

// BetweenWide checks a [[range]] whose bounds were computed.
func BetweenWide(f *Function, parameter string, value, least, most int64) error {
	return Between(f, parameter, value, least, most)
}

// AtMost checks that a length fits the type that C counts it in.
func AtMost(f *Function, parameter string, length int, most uint64) error {
	if uint64(length) <= most {
		return nil
	}
	return f.OutOfRange(parameter, fmt.Sprintf("at most %d elements", most), length)
}

// Same checks that two buffers with one count have the same length.
func Same(f *Function, parameter, other string, length, expected int) error {
	if length == expected {
		return nil
	}
	return f.OutOfRange(parameter, fmt.Sprintf("%d elements, as many as %s has", expected, other), length)
}

// AtLeast checks that a buffer is as long as C will take it to be; a negative need could not be
// computed.
func AtLeast(f *Function, parameter string, length int, needed int64, bytes bool) error {
	if needed < 0 || needed == math.MaxInt64 {
		return f.fail(ErrRange, parameter, "the length is out of range")
	}
	if int64(length) >= needed {
		return nil
	}
	unit := "elements"
	if bytes {
		unit = "bytes"
	}
	return f.OutOfRange(parameter, fmt.Sprintf("at least %d %s", needed, unit), length)
}

// Make allocates an output of so many elements.
func Make[T any](f *Function, parameter string, count int64, size int64) ([]T, error) {
	if count < 0 || count == math.MaxInt64 {
		return nil, f.fail(ErrRange, parameter, "the size is out of range")
	}
	if count > mostBytes/max(size, 1) {
		return nil, f.fail(ErrRange, parameter, fmt.Sprintf("a buffer of %d elements is too large", count))
	}
	return make([]T, count), nil
}

// Cut cuts an output to what C has filled, which is taken to be within what there is.
func Cut[T any](output []T, filled int64) []T {
	return output[:min(max(filled, 0), int64(len(output)))]
}
