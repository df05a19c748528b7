package isthmus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"testing/fstest"
	"time"

	isthmus "isthmus/bindings/go"
)

func ExampleAwait() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	goctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	promise, _ := ctx.RunScript("new Promise(resolve => setTimeout(resolve, 5, [1, 'late']))", "main.js")
	list, err := isthmus.Await[[]any](goctx, promise)
	fmt.Println(list, err)

	promise, _ = ctx.RunScript("(async () => { throw new RangeError('too far') })()", "main.js")
	_, err = isthmus.Await[string](goctx, promise)
	fmt.Println(err)
	// Output:
	// [1 late] <nil>
	// RangeError: too far
}

func ExamplePromiseResolver() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	resolver, err := isthmus.NewPromiseResolver(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	global, _ := ctx.Global()
	_ = global.Set("answer", resolver.GetPromise())
	doubled, _ := ctx.RunScript("answer.then(n => n * 2)", "main.js")
	go resolver.Resolve(21)
	fmt.Println(isthmus.Await[int](context.Background(), doubled))
	// Output: 42 <nil>
}

func ExampleIsolate_RunLoop() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	_, _ = ctx.RunScript(`
		globalThis.ticks = 0;
		const clock = setInterval(() => { if (++ticks === 3) clearInterval(clock) }, 1)`, "main.js")
	err := iso.RunLoop(context.Background())
	ticks, _ := ctx.RunScript("ticks", "main.js")
	fmt.Println(ticks, err)
	// Output: 3 <nil>
}

func ExampleWithUncaught() {
	iso := isthmus.NewIsolate(isthmus.WithUncaught(func(err error) { fmt.Println("nobody has caught:", err) }))
	defer iso.Close()
	_, _ = iso.NewContext().RunScript("Promise.reject(new Error('lost')); 0", "main.js")
	// Output: nobody has caught: Error: lost
}

func ExampleWithModules() {
	files := fstest.MapFS{
		"rules.mjs":    {Data: []byte("import limits from './limits.json'; export const check = n => n <= limits.most")},
		"limits.json":  {Data: []byte(`{"most": 3}`)},
		"lib/main.mjs": {Data: []byte("import {check} from '../rules.mjs'; export const passed = [1, 3, 9].map(check)")},
	}
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext(isthmus.WithModules(files))
	main, err := ctx.Import(context.Background(), "./lib/main.mjs")
	if err != nil {
		fmt.Println(err)
		return
	}
	passed, _ := main.Get("passed")
	fmt.Println(passed)

	_, err = ctx.Import(context.Background(), "./rules")
	fmt.Println(err, errors.Is(err, fs.ErrNotExist))
	// Output:
	// true,true,false
	// Error: Cannot find module './rules' imported from <import>; did you mean './rules.mjs'? true
}

func ExampleWithResolver() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext(isthmus.WithResolver(
		func(_ *isthmus.Context, i isthmus.Import) (isthmus.ModuleSource, error) {
			switch i.Specifier {
			case "settings":
				return isthmus.ModuleSource{Exports: map[string]any{"limit": 3}}, nil
			case "rules":
				return isthmus.ModuleSource{Text: "import {limit} from 'settings'; export default limit * 2"}, nil
			}
			return isthmus.ModuleSource{}, fs.ErrNotExist
		}))
	rules, err := ctx.Import(context.Background(), "rules")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rules.Get("default"))
	_, err = ctx.Import(context.Background(), "nothing")
	fmt.Println(err)
	// Output:
	// 6 <nil>
	// Error: Cannot find module 'nothing' imported from <import>
}

func ExampleContext_RunModule() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	module, err := ctx.RunModule(context.Background(),
		"export const late = await new Promise(resolve => setTimeout(resolve, 1, 'awaited'))", "main.mjs")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(module.Get("late"))
	// Output: awaited <nil>
}

func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext(isthmus.WithLogger(logger))
	_, _ = ctx.RunScript("console.log('started', {port: 80}); console.warn('slow')", "main.js")
	// Output:
	// level=INFO msg="started { port: 80 }"
	// level=WARN msg=slow
}

func ExampleWithLibrary() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext(isthmus.WithLibrary("zlib"))
	if err := ctx.Err(); err != nil {
		fmt.Println(err)
		return
	}
	module, err := ctx.RunModule(context.Background(),
		"import {crc32} from 'ffi:zlib'; export default crc32(0, Uint8Array.of(1, 2, 3))", "main.mjs")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(module.Get("default"))
	// Output: 1438416925 <nil>
}

func ExampleNewSnapshot() {
	snapshot, err := isthmus.NewSnapshot([]isthmus.SnapshotScript{
		{Source: "globalThis.table = [1, 4, 9]", Origin: "table.js"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	iso := isthmus.NewIsolate(isthmus.WithSnapshot(snapshot))
	defer iso.Close()
	fmt.Println(iso.NewContext().RunScript("table[2]", "main.js"))
	// Output: 9 <nil>
}

func ExampleIsolate_CompileUnboundScript() {
	const source = "const add = (a, b) => a + b; add(3, 4)"
	first := isthmus.NewIsolate()
	defer first.Close()
	script, err := first.CompileUnboundScript(source, "add.js")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(script.Run(first.NewContext()))

	// Another isolate, or another process, need not compile it again.
	cached := script.CreateCodeCache()
	second := isthmus.NewIsolate()
	defer second.Close()
	script, err = second.CompileUnboundScript(source, "add.js", isthmus.CompileOptions{CachedData: cached})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(script.Run(second.NewContext()))
	fmt.Println("rejected:", cached.Rejected)
	// Output:
	// 7 <nil>
	// 7 <nil>
	// rejected: false
}

func ExampleInspector() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	inspector, err := iso.NewInspector()
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = inspector.AddContext(ctx, "main")
	session, err := inspector.NewSession(func(message []byte) { fmt.Println(string(message)) })
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = session.Send([]byte(`{"id": 1, "method": "Runtime.evaluate", "params": {"expression": "6 * 7"}}`))
	// Output: {"id":1,"result":{"result":{"type":"number","value":42,"description":"42"}}}
}

func ExampleIsolate_Profile() {
	iso := isthmus.NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	var record bytes.Buffer
	err := iso.Profile(&record, time.Millisecond, func() error {
		_, err := ctx.RunScript("for (let i = 0, n = 0; i < 1e6; i++) n += Math.sqrt(i)", "main.js")
		return err
	})
	fmt.Println(strings.HasPrefix(record.String(), `{"nodes":[`), err)
	// Output: true <nil>
}
