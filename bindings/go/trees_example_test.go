package isthmus_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	isthmus "isthmus/bindings/go"
)

func ExampleMarshal() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	type row struct {
		Name  string    `js:"name"`
		Price float64   `json:"price"`
		Since time.Time `js:"since,omitzero"`
	}
	rows := []row{{Name: "tea", Price: 2.5}, {Name: "milk", Price: 4}}
	if err := ctx.Bind("rows", rows); err != nil {
		fmt.Println(err)
	}
	total, err := isthmus.Eval[float64](ctx, "rows.reduce((sum, row) => sum + row.price, 0)", "main.js")
	fmt.Println(total, err)
	// Output: 6.5 <nil>
}

func ExampleUnmarshal() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	v, err := ctx.RunScript("({name: 'tea', sizes: [1, 2], wide: 2n ** 62n})", "main.js")
	if err != nil {
		fmt.Println(err)
		return
	}
	var tea struct {
		Name  string `js:"name"`
		Sizes []int  `js:"sizes"`
		Wide  int64  `js:"wide"`
	}
	fmt.Println(isthmus.Unmarshal(v, &tea), tea)
	v, _ = ctx.RunScript("({sizes: [1, 2.5]})", "main.js")
	fmt.Println(isthmus.Unmarshal(v, &tea))
	// Output:
	// <nil> {tea [1 2] 4611686018427387904}
	// isthmus: $.sizes[1]: int and number: 2.5 is no integer
}

func ExampleValue_View() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	v, err := ctx.RunScript("new Uint8Array(1 << 20).fill(7)", "main.js")
	if err != nil {
		fmt.Println(err)
		return
	}
	sum := 0
	err = v.View(func(bytes []byte) {
		for _, b := range bytes {
			sum += int(b)
		}
	})
	fmt.Println(sum, err)
	// Output: 7340032 <nil>
}

func ExampleNewStream() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	stream, err := isthmus.NewStream(ctx, strings.NewReader("a long text"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = ctx.Bind("stream", stream)
	v, err := ctx.RunScript("(async function* () { for await (const chunk of stream) yield String(chunk.length); })()", "main.js")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := isthmus.NewReader(context.Background(), v)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(r)
	fmt.Println(string(text), err)
	// Output: 11 <nil>
}
