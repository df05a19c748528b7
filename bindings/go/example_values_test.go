package isthmus_test

import (
	"fmt"
	"log"
	"math/big"
	"time"

	"isthmus/bindings/go"
)

// A program's result is a Value, which says what it is and converts as JavaScript does.
func ExampleValue() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	v, err := ctx.RunScript("[3, 1, 2].sort().join('-')", "main.js")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.IsString(), v)
	number, err := ctx.RunScript("0.1 + 0.2", "main.js")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(number, number.Number(), number.Integer())
	// Output:
	// true 1-2-3
	// 0.30000000000000004 0.30000000000000004 0
}

func ExampleObject() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	point, err := isthmus.NewObject(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := point.Set("x", 1.5); err != nil {
		log.Fatal(err)
	}
	if err := point.Set("label", "here"); err != nil {
		log.Fatal(err)
	}
	entries, err := point.Entries()
	if err != nil {
		log.Fatal(err)
	}
	for name, v := range entries {
		fmt.Println(name, v)
	}
	missing, err := point.Get("y")
	fmt.Println(point.Has("y"), missing, err)
	// Output:
	// x 1.5
	// label here
	// false undefined <nil>
}

func ExampleObject_MethodCall() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	list, err := isthmus.NewArray(ctx, "a", "b", "c")
	if err != nil {
		log.Fatal(err)
	}
	joined, err := list.MethodCall("join", "+")
	fmt.Println(joined, err)
	_, err = list.MethodCall("fly")
	fmt.Println(err)
	// Output:
	// a+b+c <nil>
	// isthmus: MethodCall: expected a method fly, got undefined
}

func ExampleMap() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	stock, err := isthmus.NewMap(ctx)
	if err != nil {
		log.Fatal(err)
	}
	_ = stock.Set("anvil", 7)
	_ = stock.Set(1, "one")
	all, err := stock.All()
	if err != nil {
		log.Fatal(err)
	}
	for key, v := range all {
		fmt.Println(key, v)
	}
	// Output:
	// anvil 7
	// 1 one
}

func ExampleNewDate() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	date, err := isthmus.NewDate(ctx, time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	if err != nil {
		log.Fatal(err)
	}
	text, err := date.MethodCall("toISOString")
	fmt.Println(text, err)
	moment, err := date.Time()
	fmt.Println(moment, err)
	// Output:
	// 2024-02-29T12:00:00.000Z <nil>
	// 2024-02-29 12:00:00 +0000 UTC <nil>
}

func ExampleNewBigInt() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	x, err := isthmus.NewBigInt(ctx, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		log.Fatal(err)
	}
	if err := must(ctx.Global()).Set("x", x); err != nil {
		log.Fatal(err)
	}
	fmt.Println(must(ctx.RunScript("x + 1n", "main.js")).BigInt())
	// Output: 1267650600228229401496703205377
}

func ExampleNewRegExp() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	r := must(isthmus.NewRegExp(ctx, `^\p{Lu}`, "u"))
	fmt.Println(r.Test("\u00c9cole"))
	_, err := isthmus.NewRegExp(ctx, "(", "")
	fmt.Println(err)
	// Output:
	// true <nil>
	// SyntaxError: Invalid regular expression: /(/: Unterminated group
}

func ExampleJSONParse() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	order := must(isthmus.JSONParse(ctx, `{"id": 7, "lines": [1, 2]}`))
	fmt.Println(isthmus.JSONStringify(ctx, must(order.Object().Get("lines"))))
	_, err := isthmus.JSONParse(ctx, "{")
	fmt.Println(err)
	// Output:
	// [1,2] <nil>
	// SyntaxError: Unexpected end of JSON input
}

func ExampleSymbolIterator() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	list := must(isthmus.NewArray(ctx, 1, 2))
	symbol := isthmus.SymbolIterator(iso)
	fmt.Println(symbol.Description(), list.HasSymbol(symbol))
	// Output: Symbol.iterator true
}

func ExampleNewTypeError() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	err := isthmus.NewTypeError(ctx, "a number is needed")
	fmt.Println(err)
	fmt.Println(err.InstanceOf(must(ctx.RunScript("TypeError", "main.js"))))
	// Output:
	// TypeError: a number is needed
	// true <nil>
}

func must[T any](result T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return result
}
