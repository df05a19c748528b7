package isthmus

import "isthmus/bindings/go/internal/native"

// common is how a function of a common type is answered, without reflection or allocations; nil: it is
// of another type.
func common(name string, fn any) answer {
	switch f := fn.(type) {
	case func():
		return answer0(func() (*Value, error) { f(); return nil, nil })
	case func() error:
		return answer0(func() (*Value, error) { return nil, f() })
	case func() float64:
		return answer0(func() (float64, error) { return f(), nil })
	case func() (float64, error):
		return answer0(f)
	case func() int:
		return answer0(func() (int, error) { return f(), nil })
	case func() (int, error):
		return answer0(f)
	case func() string:
		return answer0(func() (string, error) { return f(), nil })
	case func() (string, error):
		return answer0(f)
	case func() bool:
		return answer0(func() (bool, error) { return f(), nil })
	case func() (bool, error):
		return answer0(f)
	case func(float64):
		return answer1(name, func(a float64) (*Value, error) { f(a); return nil, nil })
	case func(float64) error:
		return answer1(name, func(a float64) (*Value, error) { return nil, f(a) })
	case func(float64) float64:
		return answer1(name, func(a float64) (float64, error) { return f(a), nil })
	case func(float64) (float64, error):
		return answer1(name, f)
	case func(float64) int:
		return answer1(name, func(a float64) (int, error) { return f(a), nil })
	case func(float64) (int, error):
		return answer1(name, f)
	case func(float64) string:
		return answer1(name, func(a float64) (string, error) { return f(a), nil })
	case func(float64) (string, error):
		return answer1(name, f)
	case func(float64) bool:
		return answer1(name, func(a float64) (bool, error) { return f(a), nil })
	case func(float64) (bool, error):
		return answer1(name, f)
	case func(int):
		return answer1(name, func(a int) (*Value, error) { f(a); return nil, nil })
	case func(int) error:
		return answer1(name, func(a int) (*Value, error) { return nil, f(a) })
	case func(int) float64:
		return answer1(name, func(a int) (float64, error) { return f(a), nil })
	case func(int) (float64, error):
		return answer1(name, f)
	case func(int) int:
		return answer1(name, func(a int) (int, error) { return f(a), nil })
	case func(int) (int, error):
		return answer1(name, f)
	case func(int) string:
		return answer1(name, func(a int) (string, error) { return f(a), nil })
	case func(int) (string, error):
		return answer1(name, f)
	case func(int) bool:
		return answer1(name, func(a int) (bool, error) { return f(a), nil })
	case func(int) (bool, error):
		return answer1(name, f)
	case func(string):
		return answer1(name, func(a string) (*Value, error) { f(a); return nil, nil })
	case func(string) error:
		return answer1(name, func(a string) (*Value, error) { return nil, f(a) })
	case func(string) float64:
		return answer1(name, func(a string) (float64, error) { return f(a), nil })
	case func(string) (float64, error):
		return answer1(name, f)
	case func(string) int:
		return answer1(name, func(a string) (int, error) { return f(a), nil })
	case func(string) (int, error):
		return answer1(name, f)
	case func(string) string:
		return answer1(name, func(a string) (string, error) { return f(a), nil })
	case func(string) (string, error):
		return answer1(name, f)
	case func(string) bool:
		return answer1(name, func(a string) (bool, error) { return f(a), nil })
	case func(string) (bool, error):
		return answer1(name, f)
	case func(bool):
		return answer1(name, func(a bool) (*Value, error) { f(a); return nil, nil })
	case func(bool) error:
		return answer1(name, func(a bool) (*Value, error) { return nil, f(a) })
	case func(bool) float64:
		return answer1(name, func(a bool) (float64, error) { return f(a), nil })
	case func(bool) (float64, error):
		return answer1(name, f)
	case func(bool) int:
		return answer1(name, func(a bool) (int, error) { return f(a), nil })
	case func(bool) (int, error):
		return answer1(name, f)
	case func(bool) string:
		return answer1(name, func(a bool) (string, error) { return f(a), nil })
	case func(bool) (string, error):
		return answer1(name, f)
	case func(bool) bool:
		return answer1(name, func(a bool) (bool, error) { return f(a), nil })
	case func(bool) (bool, error):
		return answer1(name, f)
	case func(float64, float64):
		return answer2(name, func(a, b float64) (*Value, error) { f(a, b); return nil, nil })
	case func(float64, float64) error:
		return answer2(name, func(a, b float64) (*Value, error) { return nil, f(a, b) })
	case func(float64, float64) float64:
		return answer2(name, func(a, b float64) (float64, error) { return f(a, b), nil })
	case func(float64, float64) (float64, error):
		return answer2(name, f)
	case func(float64, float64) bool:
		return answer2(name, func(a, b float64) (bool, error) { return f(a, b), nil })
	case func(float64, float64) (bool, error):
		return answer2(name, f)
	case func(int, int):
		return answer2(name, func(a, b int) (*Value, error) { f(a, b); return nil, nil })
	case func(int, int) error:
		return answer2(name, func(a, b int) (*Value, error) { return nil, f(a, b) })
	case func(int, int) int:
		return answer2(name, func(a, b int) (int, error) { return f(a, b), nil })
	case func(int, int) (int, error):
		return answer2(name, f)
	case func(int, int) bool:
		return answer2(name, func(a, b int) (bool, error) { return f(a, b), nil })
	case func(int, int) (bool, error):
		return answer2(name, f)
	case func(string, string):
		return answer2(name, func(a, b string) (*Value, error) { f(a, b); return nil, nil })
	case func(string, string) error:
		return answer2(name, func(a, b string) (*Value, error) { return nil, f(a, b) })
	case func(string, string) string:
		return answer2(name, func(a, b string) (string, error) { return f(a, b), nil })
	case func(string, string) (string, error):
		return answer2(name, f)
	case func(string, string) bool:
		return answer2(name, func(a, b string) (bool, error) { return f(a, b), nil })
	case func(string, string) (bool, error):
		return answer2(name, f)
	}
	return nil
}

func answer0[R any](f func() (R, error)) answer {
	return func(ctx *Context, call *native.CallInfo) native.Status {
		result, err := f()
		return giveCommon(ctx, call, result, err)
	}
}

func answer1[A, R any](name string, f func(A) (R, error)) answer {
	return func(ctx *Context, call *native.CallInfo) native.Status {
		a, err := argument[A](ctx, call, name, 0)
		if err != nil {
			return ctx.throwError(err)
		}
		result, err := f(a)
		return giveCommon(ctx, call, result, err)
	}
}

func answer2[A, B, R any](name string, f func(A, B) (R, error)) answer {
	return func(ctx *Context, call *native.CallInfo) native.Status {
		a, err := argument[A](ctx, call, name, 0)
		if err != nil {
			return ctx.throwError(err)
		}
		b, err := argument[B](ctx, call, name, 1)
		if err != nil {
			return ctx.throwError(err)
		}
		result, err := f(a, b)
		return giveCommon(ctx, call, result, err)
	}
}

// argument is the argument at i of a call.
func argument[T any](ctx *Context, call *native.CallInfo, name string, i int) (T, error) {
	var v native.Value
	if args := call.Args(); i < len(args) {
		v = args[i]
	}
	var made T
	ok, err := liftPlain(v, &call.Texts, any(&made))
	if ok {
		return made, nil
	}
	if err != nil {
		return made, ofArgument(name, i, err)
	}
	return argumentRest[T](ctx, v, name, i)
}

// argumentRest is argument for a long string, or a BigInt.
func argumentRest[T any](ctx *Context, v native.Value, name string, i int) (made T, err error) {
	if err = ctx.unmarshal(v, &made); err != nil {
		err = ofArgument(name, i, err)
	}
	return made, err
}

// giveCommon answers a call with the result of a function of a common type.
func giveCommon[R any](ctx *Context, call *native.CallInfo, result R, err error) native.Status {
	if err != nil {
		return ctx.throwError(err)
	}
	switch result := any(&result).(type) {
	case *float64:
		call.Result = numberOf(*result)
	case *int:
		call.Result = integerOf(int64(*result))
	case *bool:
		call.Result = boolOf(*result)
	case *string:
		return ctx.giveText(call, *result)
	}
	return native.OK
}
