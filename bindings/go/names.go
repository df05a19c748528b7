package isthmus

import (
	"unicode/utf8"

	"isthmus/bindings/go/internal/native"
)

// names are the strings of JavaScript's for names of properties that were used lately: to look a
// property up by one of them saves making it. They are used with the isolate entered.
type names struct {
	known map[string]native.Value
}

// How many names are known at most, and how long each of them is.
const (
	manyNames = 1024
	longName  = 64
)

// name gives the string for the name of a property. False: it is none that is remembered.
func (iso *isolate) name(name string) (native.Value, bool) {
	if known, ok := iso.names.known[name]; ok {
		return known, true
	}
	if len(name) > longName || !utf8.ValidString(name) {
		return native.Value{}, false
	}
	made, status := iso.intern(name)
	return made, status == native.OK
}

// key makes an argument of the name of a property.
func (ctx *Context) key(frame *native.Frame, p *pins, to *native.Value, name string) error {
	if known, ok := ctx.iso.name(name); ok {
		*to = known
		return nil
	}
	return ctx.text(frame, &p.Pinner, to, name)
}

// intern makes a name and remembers it, in place of all others when they are too many.
func (iso *isolate) intern(name string) (native.Value, native.Status) {
	n := &iso.names
	if len(n.known) >= manyNames {
		old := make([]native.Value, 0, len(n.known))
		for _, each := range n.known {
			old = append(old, each)
		}
		native.FreeValues(iso.handle, old)
		n.known = nil
	}
	made, status := native.NewName(iso.handle, name)
	if status != native.OK {
		return native.Value{}, status
	}
	if n.known == nil {
		n.known = map[string]native.Value{}
	}
	n.known[name] = made
	return made, native.OK
}
