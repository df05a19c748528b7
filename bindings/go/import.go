package isthmus

import (
	"context"
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// Func makes a Go func that calls a function of JavaScript's: Func[func(a, b float64) (float64, error)](add).
// Its last result must be an error. Arguments and the result, if there is one, are as of CallFunc; a
// first parameter that is a context.Context bounds the call, as of CallContext. Those of numbers alone
// are called without allocations. The func keeps the function alive.
func Func[F any](f *Function) (F, error) {
	var made F
	about, ctx, err := callee("Func", f)
	if err != nil {
		return made, err
	}
	if fast := numbers(f, any(&made)); fast {
		return made, nil
	}
	fn, err := ctx.funcOf(about, reflect.TypeFor[F]())
	if err != nil {
		return made, err
	}
	reflect.ValueOf(&made).Elem().Set(fn)
	return made, nil
}

// numbers makes the func when it takes and gives nothing but numbers.
func numbers(f *Function, into any) bool {
	switch into := into.(type) {
	case *func(float64) (float64, error):
		*into = func(a float64) (float64, error) { return callNumbers[float64](f, numberOf(a)) }
	case *func(float64, float64) (float64, error):
		*into = func(a, b float64) (float64, error) { return callNumbers[float64](f, numberOf(a), numberOf(b)) }
	case *func(int) (int, error):
		*into = func(a int) (int, error) { return callNumbers[int](f, integerOf(int64(a))) }
	case *func(int, int) (int, error):
		*into = func(a, b int) (int, error) {
			return callNumbers[int](f, integerOf(int64(a)), integerOf(int64(b)))
		}
	default:
		return false
	}
	return true
}

func callNumbers[T any](f *Function, args ...native.Value) (made T, err error) {
	about, ctx, err := callee("Func", f)
	if err != nil {
		return made, err
	}
	if err := ctx.enter(); err != nil {
		return made, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(len(args), native.WantPlain)
	if frame.Subject, err = ctx.handleOf("Func", about); err != nil {
		return made, err
	}
	copy(frame.Args[:], args)
	return finished[T](ctx, "Func", native.Call(ctx.handle, frame), frame)
}

// funcOf is Func for Unmarshal.
func (ctx *Context) funcOf(f *Value, t reflect.Type) (reflect.Value, error) {
	last := -1
	if t.Kind() == reflect.Func {
		last = t.NumOut() - 1
	}
	if last < 0 || last > 1 || t.Out(last) != errorType {
		return reflect.Value{}, &ConversionError{Go: t.String(), JavaScript: "function",
			Message: "expected a func that gives an error last, and at most one result before"}
	}
	bounded := t.NumIn() > 0 && t.In(0) == contextType
	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		out := make([]reflect.Value, last+1)
		for i := range out {
			out[i] = reflect.New(t.Out(i)).Elem()
		}
		var goctx context.Context
		if bounded {
			goctx, _ = in[0].Interface().(context.Context)
			in = in[1:]
		}
		args := make([]any, 0, len(in))
		for i, x := range in {
			if !t.IsVariadic() || i < len(in)-1 {
				args = append(args, x.Interface())
				continue
			}
			for j := range x.Len() {
				args = append(args, x.Index(j).Interface())
			}
		}
		v, err := (&Function{f}).CallContext(goctx, nil, args...)
		if err == nil && last > 0 {
			err = Unmarshal(v, out[0].Addr().Interface())
		}
		if err != nil {
			out[last].Set(reflect.ValueOf(err))
		}
		return out
	}), nil
}
