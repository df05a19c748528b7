package isthmus

import (
	"math"
	"runtime"
	"strings"
	"unicode/utf8"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// short is the length up to which a text is copied rather than pinned.
const short = 1024

// isASCII tells whether a text has only ASCII characters.
func isASCII(text string) bool {
	const high = 0x8080808080808080
	bytes := unsafe.Slice(unsafe.StringData(text), len(text))
	for ; len(bytes) >= 64; bytes = bytes[64:] {
		words := (*[8]uint64)(unsafe.Pointer(&bytes[0]))
		if (words[0]|words[1]|words[2]|words[3]|words[4]|words[5]|words[6]|words[7])&high != 0 {
			return false
		}
	}
	for ; len(bytes) >= 8; bytes = bytes[8:] {
		if *(*uint64)(unsafe.Pointer(&bytes[0]))&high != 0 {
			return false
		}
	}
	for _, each := range bytes {
		if each >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isText tells whether a text is UTF-8, or what JavaScript's lone surrogates become in Go: their
// three bytes.
func isText(text string) bool {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size <= 1 {
			if len(text) < 3 || text[0] != 0xED || text[1]&0xE0 != 0xA0 || text[2]&0xC0 != 0x80 {
				return false
			}
			size = 3
		}
		text = text[size:]
	}
	return true
}

// text makes an argument of a text; pins holds it until the operation is over.
func (ctx *Context) text(frame *native.Frame, pins *runtime.Pinner, to *native.Value, text string) error {
	ascii := isASCII(text)
	if !ascii && !isText(text) {
		return &ConversionError{Go: "string", JavaScript: "string", Message: "it is not valid UTF-8"}
	}
	if len(text) <= short && frame.CopyText(to, text, ascii) {
		return nil
	}
	if uint64(len(text)) > math.MaxUint32 {
		return statusError("", native.ErrLimit)
	}
	pins.Pin(unsafe.StringData(text))
	frame.PointText(to, text, ascii)
	return nil
}

// sourceText sets the arguments of an operation on a script.
func (ctx *Context) sourceText(frame *native.Frame, pins *runtime.Pinner, source, origin string) error {
	if err := ctx.text(frame, pins, &frame.Args[0], source); err != nil {
		return err
	}
	if origin == "" {
		origin = "<script>"
	}
	for i := range len(origin) {
		if origin[i] == 0 {
			return &ConversionError{Go: "string", JavaScript: "origin", Message: "it has a NUL within"}
		}
	}
	if !frame.CopyCString(&frame.Args[1], origin) {
		return statusError("", native.ErrLimit)
	}
	return nil
}

// text is the text of a value that is a string.
func (v *Value) text(op string) (string, error) {
	iso := v.ctx.iso
	if err := iso.enter(nil); err != nil {
		return "", err
	}
	defer iso.leave()
	handle, err := v.ctx.handleOf(op, v)
	if err != nil {
		return "", err
	}
	text, status := iso.readText(handle)
	runtime.KeepAlive(v)
	if status != native.OK {
		return "", statusError(op, status)
	}
	return text, nil
}

// readText reads a string of the isolate, which is entered: its lone surrogates become the three bytes
// of their number. It uses the operation's frame.
func (iso *isolate) readText(v native.Value) (string, native.Status) {
	frame := iso.frame()
	frame.Subject = v
	status := native.ReadString(iso.handle, frame, nil)
	if status == native.OK {
		return frame.Text(), status
	}
	// What is not ASCII is longer than was thought at first.
	for status == native.ErrLimit {
		room := unclear(int(frame.Result.Isolate))
		if status = native.ReadString(iso.handle, frame, room); status == native.OK {
			return unsafe.String(&room[0], frame.Result.Isolate), status
		}
	}
	return "", status
}

// unclear is memory that has anything in it, which saves a pass over it.
func unclear(length int) []byte {
	var builder strings.Builder
	builder.Grow(length)
	builder.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(builder.String()), length)
}

// cText is why a text cannot be one that ends with a NUL in C.
func cText(op, what, text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return argumentError(op, "%s has a NUL within", what)
	}
	return nil
}
