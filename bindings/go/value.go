package isthmus

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"runtime"
	"strconv"
	"sync/atomic"

	"isthmus/bindings/go/internal/native"
)

// Value is a JavaScript value. It is freed when Go's collector drops it, or at once by Release.
//
// Numbers, booleans, undefined and null are held in it and outlive everything; the rest belongs to
// an isolate, and any goroutine may use it. A nil Value, and the zero Value, are undefined.
//
// Methods that give one result have JavaScript's own meaning, and no place to tell a failure, such as
// a toString that throws, a closed isolate or a released value: what they give then is said at each.
// Those with an error beside the result tell it. Unmarshal is for who wants no conversions at all.
type Value struct {
	ctx       *Context // through which it came; may be nil for what is held in the Value
	native    native.Value
	released  atomic.Bool
	class     atomic.Uint32 // one more than it is, once somebody has asked
	temporary *temporaries  // nil: it lasts
	cleanup   runtime.Cleanup
}

// Valuer is what can stand for a JavaScript value: a Value, and what is made of one.
type Valuer interface {
	value() *Value
}

func (v *Value) value() *Value { return v }

// orphaned is a handle whose Value was forgotten.
type orphaned struct {
	debts *debts
	value native.Value
}

// value makes a Value of one that is the caller's to free.
func (ctx *Context) value(v native.Value) *Value {
	if temporary := ctx.iso.temporaries; temporary != nil && v.IsHandle() {
		temporary.handles = append(temporary.handles, v)
		return &Value{ctx: ctx, native: v, temporary: temporary}
	}
	return ctx.lastingValue(v)
}

// lastingValue makes a Value that is not temporary.
func (ctx *Context) lastingValue(v native.Value) *Value {
	made := &Value{ctx: ctx, native: v}
	if v.IsHandle() {
		made.cleanup = runtime.AddCleanup(made, func(o orphaned) { o.debts.add(o.value) },
			orphaned{ctx.iso.debts, v})
		if len(ctx.iso.rejections.all) != 0 {
			ctx.iso.claim(made)
		}
	}
	return made
}

// values makes Values as value does, with one allocation for those that have nothing to free.
func (ctx *Context) values(all []native.Value) []*Value {
	made := make([]*Value, len(all))
	plain := 0
	for _, v := range all {
		if !v.IsHandle() {
			plain++
		}
	}
	block := make([]Value, plain)
	for i, v := range all {
		if v.IsHandle() {
			made[i] = ctx.value(v)
			continue
		}
		made[i], block = &block[0], block[1:]
		made[i].ctx, made[i].native = ctx, v
	}
	return made
}

// Release frees the value at once; using it afterwards is ErrReleased. Releasing twice is fine.
func (v *Value) Release() {
	if v == nil || !v.native.IsHandle() || v.released.Swap(true) {
		return
	}
	if v.temporary != nil {
		return
	}
	v.cleanup.Stop()
	v.ctx.iso.debts.add(v.native)
}

// handleOf is the value for an operation in ctx, which was entered.
func (ctx *Context) handleOf(op string, v *Value) (native.Value, error) {
	switch {
	case v == nil:
		return native.Value{}, nil
	case !v.native.IsHandle():
		return v.native, nil
	case v.released.Load(), v.temporary != nil && v.temporary.over:
		return native.Value{}, released(op)
	case v.ctx.iso != ctx.iso:
		return native.Value{}, &Error{Op: op, Status: native.ErrHandle.Name(),
			Message: "the value belongs to another isolate", err: ErrForeign}
	}
	return v.native, nil
}

// plain is the value itself as far as it is no handle.
func (v *Value) plain() native.Value {
	if v == nil {
		return native.Value{}
	}
	return v.native
}

// Undefined is the value undefined. It belongs to no isolate; iso may be nil.
func Undefined(iso *Isolate) *Value { return &Value{} }

// Null is the value null. It belongs to no isolate; iso may be nil.
func Null(iso *Isolate) *Value { return &Value{native: native.Value{Type: native.Null}} }

// NewValue makes a value that is no object, for any context of the isolate: of nil (null), a bool, an
// integer (a number within ±(2^53 - 1), and a BigInt beyond), a float64 or float32, a string, a
// *big.Int (always a BigInt), or a Valuer, which it gives back. Marshal is for everything else.
func NewValue(iso *Isolate, x any) (*Value, error) {
	if x, ok := x.(Valuer); ok {
		return valueOf(x), nil
	}
	if iso == nil {
		return nil, argumentError("NewValue", "the isolate is nil")
	}
	if err := iso.enter(nil); err != nil {
		return nil, err
	}
	defer iso.leave()
	if x, ok := x.(*big.Int); ok {
		for _, opened := range iso.opened {
			if ctx := opened.Value(); ctx != nil {
				return NewBigInt(ctx, x)
			}
		}
		return nil, &Error{Op: "NewValue", Status: native.ErrState.Name(),
			Message: "a *big.Int needs that the isolate has a context"}
	}
	ctx := iso.nowhere()
	frame := iso.frame()
	frame.Begin(1, native.WantValue)
	var p pins
	defer p.release(ctx)
	ok, err := ctx.lowerPlain(frame, &p, &frame.Args[0], x)
	if err == nil && !ok {
		err = &ConversionError{Go: fmt.Sprintf("%T", x), JavaScript: "value",
			Message: "only plain values need no context; see Marshal"}
	}
	if err != nil {
		return nil, err
	}
	if status := native.Make(iso.handle, frame); status != native.OK {
		return nil, ctx.failed("NewValue", status, frame)
	}
	return ctx.value(normal(frame.Result)), nil
}

// normal is a number as those that come from JavaScript are.
func normal(v native.Value) native.Value {
	if number := numberIn(v); v.Type == native.Double && number == float64(int32(number)) &&
		(number != 0 || !math.Signbit(number)) {
		return native.Value{Type: native.Int32, Bits: uint64(uint32(int32(number)))}
	}
	return v
}

// nowhere is what values have for a context that belong to the isolate alone.
func (iso *Isolate) nowhere() *Context { return &Context{iso: iso, err: errNowhere} }

var errNowhere = &Error{Status: native.ErrState.Name(), Message: "the value belongs to no context"}

// String gives what String(v) does: it may run toString and valueOf. It is "" when that fails;
// ToString says why.
func (v *Value) String() string {
	text, _ := v.ToString()
	return text
}

// ToString is String with the reason why there is none. Lone surrogates are the three bytes of their
// number, which is not valid UTF-8; whatever takes text here takes them, too.
func (v *Value) ToString() (string, error) {
	switch n := v.plain(); n.Type {
	case native.Undefined:
		return "undefined", nil
	case native.Null:
		return "null", nil
	case native.Bool:
		return strconv.FormatBool(n.Bits&1 != 0), nil
	case native.Int32:
		return strconv.Itoa(int(int32(n.Bits))), nil
	case native.Double:
		return formatNumber(numberIn(n)), nil
	case native.String:
		return v.text("ToString")
	case native.BigInt:
		whole, err := v.ToBigInt()
		if err != nil {
			return "", err
		}
		return whole.String(), nil
	case native.Symbol:
		description, err := (&Symbol{v}).description("ToString")
		if err != nil {
			return "", err
		}
		return "Symbol(" + description + ")", nil
	}
	result, err := ask("ToString", native.OpToString, v)
	return result.text, err
}

// Number gives what Number(v) does: it may run valueOf and toString. It is NaN when that fails, as it
// does for a BigInt and a symbol; ToNumber says why.
func (v *Value) Number() float64 {
	number, err := v.ToNumber()
	if err != nil {
		return math.NaN()
	}
	return number
}

// ToNumber is Number with the reason why there is none.
func (v *Value) ToNumber() (float64, error) {
	switch n := v.plain(); n.Type {
	case native.Undefined:
		return math.NaN(), nil
	case native.Null:
		return 0, nil
	case native.Bool:
		return float64(n.Bits & 1), nil
	case native.Int32, native.Double:
		return numberIn(n), nil
	}
	result, err := ask("ToNumber", native.OpToNumber, v)
	return result.number(), err
}

// numberIn is the number that a value is; 0 if it is none.
func numberIn(v native.Value) float64 {
	switch v.Type {
	case native.Int32:
		return float64(int32(v.Bits))
	case native.Double:
		return math.Float64frombits(v.Bits)
	}
	return 0
}

// Integer gives Number(v) without what is behind the point; 0 for NaN, and the nearest int64 for what
// is beyond.
func (v *Value) Integer() int64 {
	number := v.Number()
	switch {
	case number != number:
		return 0
	case number >= math.MaxInt64:
		return math.MaxInt64
	case number <= math.MinInt64:
		return math.MinInt64
	}
	return int64(number)
}

// Int32 gives what v | 0 does for a number: Number(v) without what is behind the point, modulo 2^32.
func (v *Value) Int32() int32 { return int32(v.Uint32()) }

// Uint32 gives what v >>> 0 does for a number: Number(v) without what is behind the point, modulo 2^32.
func (v *Value) Uint32() uint32 {
	number := math.Trunc(v.Number())
	if number != number || math.IsInf(number, 0) {
		return 0
	}
	return uint32(int64(math.Mod(number, 1<<32)))
}

// Boolean gives what Boolean(v) does, which runs nothing. It is false when the isolate is closed.
func (v *Value) Boolean() bool {
	switch n := v.plain(); n.Type {
	case native.Undefined, native.Null:
		return false
	case native.Bool:
		return n.Bits&1 != 0
	case native.Int32, native.Double:
		number := numberIn(n)
		return number != 0 && number == number
	}
	result, err := ask("Boolean", native.OpToBool, v)
	return err == nil && result.truth()
}

// Object gives what Object(v) does: the object itself, or a new one around what is none. It is nil for
// undefined, null, and what cannot be used any more; ToObject says why. See AsObject, too.
func (v *Value) Object() *Object {
	object, _ := v.ToObject()
	return object
}

// ToObject is Object with the reason why there is none.
func (v *Value) ToObject() (*Object, error) {
	if v.IsObject() {
		return &Object{v}, nil
	}
	if v == nil || v.ctx == nil {
		return nil, typeError("ToObject", "a value of a context", v)
	}
	result, err := v.ctx.operate("ToObject", native.OpToObject, native.WantValue, v, nil)
	if err != nil {
		return nil, err
	}
	return &Object{v.ctx.value(result.Value)}, nil
}

// ArrayIndex gives the index into an array that the value names: a number or a text such as "17", up
// to 2^32 - 2.
func (v *Value) ArrayIndex() (index uint32, ok bool) {
	if !v.IsString() && !v.IsNumber() {
		return 0, false
	}
	number, err := strconv.ParseUint(v.String(), 10, 32)
	if err != nil || number == math.MaxUint32 || strconv.FormatUint(number, 10) != v.String() {
		return 0, false
	}
	return uint32(number), true
}

// DetailString shows the value to a person, and never fails: an object as #<Class>, everything else
// as String does.
func (v *Value) DetailString() string {
	if v.IsObject() && !v.IsFunction() && !v.IsNativeError() {
		name, err := v.constructorName("DetailString")
		if err != nil {
			name = "object"
		}
		return "#<" + name + ">"
	}
	return v.String()
}

// constructorName is the name of the constructor that an object was made by, as V8 knows it.
func (v *Value) constructorName(op string) (string, error) {
	result, err := ask(op, native.OpConstructorName, v)
	return result.text, err
}

// Format writes the value: as String does for %v and %s, quoted for %q, as DetailString for %+v.
func (v *Value) Format(state fmt.State, verb rune) {
	switch {
	case verb == 'v' && state.Flag('+'):
		_, _ = io.WriteString(state, v.DetailString())
	case verb == 'v' || verb == 's':
		_, _ = io.WriteString(state, v.String())
	case verb == 'q':
		_, _ = fmt.Fprintf(state, "%q", v.String())
	default:
		_, _ = fmt.Fprintf(state, "%%!%c(*isthmus.Value=%s)", verb, v.DetailString())
	}
}

// SameValue tells what Object.is(v, other) does: NaN is NaN, and -0 is not 0. It is false for what
// cannot be used any more, and for values of other isolates.
func (v *Value) SameValue(other Valuer) bool { return v.compare("SameValue", native.OpSame, other) }

// StrictEquals tells what v === other does, and is false as SameValue is.
func (v *Value) StrictEquals(other Valuer) bool {
	return v.compare("StrictEquals", native.OpStrictEquals, other)
}

func (v *Value) compare(op string, what native.Operation, other Valuer) bool {
	with := valueOf(other)
	mine, theirs := v.plain(), with.plain()
	if !mine.IsHandle() || !theirs.IsHandle() {
		return samePlain(mine, theirs, what == native.OpSame)
	}
	result, err := ask(op, what, v, with)
	return err == nil && result.truth()
}

// samePlain compares two values of which one is no handle.
func samePlain(a, b native.Value, is bool) bool {
	if !isNumber(a) || !isNumber(b) {
		return a.Type == b.Type && (a.Type != native.Bool || a.Bits&1 == b.Bits&1)
	}
	x, y := numberIn(a), numberIn(b)
	if !is {
		return x == y
	}
	return x == y && math.Signbit(x) == math.Signbit(y) || x != x && y != y
}

func isNumber(v native.Value) bool { return v.Type == native.Int32 || v.Type == native.Double }

// InstanceOf tells what v instanceof constructor does, which may run code.
func (v *Value) InstanceOf(constructor Valuer) (bool, error) {
	by, ctx, err := subject("InstanceOf", constructor)
	if err != nil {
		return false, err
	}
	result, err := ctx.operate("InstanceOf", native.OpInstanceOf, native.WantPlain, v, []any{by})
	return result.truth(), err
}

// formatNumber writes a number as JavaScript does.
func formatNumber(x float64) string {
	switch {
	case x != x:
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	case x == 0:
		return "0"
	}
	if size := math.Abs(x); size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	// Go has two digits in an exponent at least, JavaScript one.
	text := []byte(strconv.FormatFloat(x, 'e', -1, 64))
	if n := len(text); text[n-2] == '0' && (text[n-3] == '-' || text[n-3] == '+') {
		text = append(text[:n-2], text[n-1])
	}
	return string(text)
}

func released(op string) error {
	return &Error{Op: op, Status: native.ErrHandle.Name(), Message: "the value was released", err: ErrReleased}
}
