package isthmus

import (
	"strconv"
	"strings"
	"unicode"

	"isthmus/bindings/go/internal/native"
)

// callers are functions of JavaScript's that call what a name stands for, which only JavaScript can
// look up. They are made once for each name and number of arguments, belong to a context, and are
// used with the isolate entered. They do not know the context, so that it can be forgotten.
type callers struct {
	known map[caller]native.Value
	last  caller // the one that was asked for last
	value native.Value
}

type caller struct {
	name      string
	arguments int // -1: any number
}

const (
	manyCallers   = 1024 // kept at most
	manyArguments = 12   // with more, all share one
)

func (c *callers) find(ctx *Context, name string, arguments int) (native.Value, error) {
	if c.last.arguments == arguments && c.last.name == name && name != "" {
		return c.value, nil
	}
	wanted := caller{name, arguments}
	if arguments > manyArguments {
		wanted.arguments = -1
	}
	value, ok := c.known[wanted]
	if !ok {
		var err error
		if value, err = wanted.make(ctx); err != nil {
			return value, err
		}
		if len(c.known) >= manyCallers {
			native.FreeValues(ctx.iso.handle, c.take())
		}
		if c.known == nil {
			c.known = map[caller]native.Value{}
		}
		c.known[wanted] = value
	}
	c.last, c.value = wanted, value
	return value, nil
}

// take empties it, and gives the handles to be freed.
func (c *callers) take() []native.Value {
	taken := make([]native.Value, 0, len(c.known))
	for _, value := range c.known {
		taken = append(taken, value)
	}
	*c = callers{}
	return taken
}

// make makes the function; it lasts until it is freed.
func (c caller) make(ctx *Context) (native.Value, error) {
	if !isPath(c.name) {
		return native.Value{}, argumentError("Call", "the name: expected names joined by dots, got %q", c.name)
	}
	// A name of its own, which must not hide the one that is looked for.
	own := "$"
	if strings.HasPrefix(c.name, own) {
		own = "_"
	}
	var list strings.Builder
	if c.arguments < 0 {
		list.WriteString("..." + own)
	}
	for i := range c.arguments {
		if i > 0 {
			list.WriteByte(',')
		}
		list.WriteString(own + strconv.Itoa(i))
	}
	source := "(" + list.String() + ")=>" + c.name + "(" + list.String() + ")"
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	var p pins
	defer p.release(ctx)
	if err := ctx.sourceText(frame, &p.Pinner, source, "<call>"); err != nil {
		return native.Value{}, err
	}
	if status := native.Eval(ctx.handle, frame); status != native.OK {
		return native.Value{}, ctx.failed("Call", status, frame)
	}
	return frame.Result, nil
}

// isPath tells whether a text is identifiers joined by dots.
func isPath(text string) bool {
	switch text {
	case "new", "typeof", "void", "delete", "import": // which may stand before parentheses
		return false
	}
	for name := range strings.SplitSeq(text, ".") {
		if name == "" {
			return false
		}
		for i, r := range name {
			letter := r == '$' || r == '_' || unicode.IsLetter(r)
			if !letter && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r)) {
				return false
			}
		}
	}
	return true
}
