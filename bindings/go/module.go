package isthmus

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Module is an ES module of a context.
type Module struct {
	ctx      *Context
	handle   unsafe.Pointer
	url      string
	rejected bool
}

// modules are a context's: one for each URL.
type modules struct {
	resolvers []Resolver
	meta      func(url string) map[string]any
	libraries map[string]*granted
	known     map[string]*Module
	importer  *Value
}

// CompileModule compiles a module. The URL names it in errors, is its import.meta.url, and what its
// imports are relative to. The module is not what an import of its URL finds: Resolvers say that.
func (ctx *Context) CompileModule(source, url string, options ...CompileOptions) (*Module, error) {
	const op = "CompileModule"
	text, err := sourceOf(op, source, url, options)
	if err != nil {
		return nil, err
	}
	return ctx.newModule(op, url, func(iso unsafe.Pointer) (unsafe.Pointer, native.Status, *native.Error) {
		return native.CompileModule(iso, ctx.handle, text)
	}, len(text.Cache) > 0)
}

// NewJSONModule makes a module whose default export is the value of a JSON text.
func (ctx *Context) NewJSONModule(text, url string) (*Module, error) {
	const op = "NewJSONModule"
	source, err := sourceOf(op, text, url, nil)
	if err != nil {
		return nil, err
	}
	return ctx.newModule(op, url, func(iso unsafe.Pointer) (unsafe.Pointer, native.Status, *native.Error) {
		return native.NewJSONModule(iso, ctx.handle, source)
	}, false)
}

// NewModule makes a module of Go values: its exports are those of the map, as Marshal makes them, or
// Values. SetExport changes them.
func (ctx *Context) NewModule(exports map[string]any, url string) (*Module, error) {
	const op = "NewModule"
	names := slices.Sorted(maps.Keys(exports))
	for _, name := range append(names, url) {
		if err := cText(op, "the name", name); err != nil {
			return nil, err
		}
	}
	var problem error
	made, err := ctx.newModule(op, url, func(iso unsafe.Pointer) (unsafe.Pointer, native.Status, *native.Error) {
		object, status := native.NewObject(ctx.handle)
		if status != native.OK {
			return nil, status, nil
		}
		defer native.FreeValues(iso, []native.Value{object})
		for _, name := range names {
			var value native.Value
			var free func()
			if value, free, problem = ctx.lent(op, exports[name]); problem != nil {
				return nil, native.ErrType, nil
			}
			status, err := native.Define(iso, ctx.handle, object, name, value)
			free()
			if status != native.OK {
				return nil, status, err
			}
		}
		return native.NewSyntheticModule(iso, ctx.handle, url, names, object)
	}, false)
	if problem != nil {
		return nil, problem
	}
	return made, err
}

// newModule enters the isolate and makes a module.
func (ctx *Context) newModule(op, url string,
	make func(isolate unsafe.Pointer) (unsafe.Pointer, native.Status, *native.Error), cached bool) (*Module, error) {
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	handle, status, err := make(ctx.iso.handle)
	if status != native.OK {
		return nil, ctx.refused(op, status, err)
	}
	made := &Module{ctx: ctx, handle: handle, url: url}
	made.rejected = cached && !native.CacheUsed(ctx.iso.handle)
	freeing(ctx.iso.debts, made, func() { native.FreeModule(handle) })
	return made, nil
}

// context is the module's; nil: there is no module.
func (m *Module) context() *Context {
	if m == nil {
		return nil
	}
	return m.ctx
}

// URL is what the module was made with.
func (m *Module) URL() string {
	if m == nil {
		return ""
	}
	return m.url
}

// CachedDataRejected tells whether the module was compiled with a code cache that was of no use: it
// was damaged, or for another text or V8.
func (m *Module) CachedDataRejected() bool { return m != nil && m.rejected }

// Run loads the module with all that it imports, links and runs it, once, and waits for its end, as
// Await does: top-level await runs the isolate's loop. It gives the module's namespace.
func (m *Module) Run(ctx context.Context) (*Object, error) {
	promise, err := m.load(ctx, "Run")
	if err != nil {
		return nil, err
	}
	return m.ctx.namespaceOf(ctx, promise)
}

// Load is Run without waiting: it gives the promise of the namespace.
func (m *Module) Load() (*Promise, error) {
	value, err := m.load(nil, "Load")
	if err != nil {
		return nil, err
	}
	return &Promise{&Object{value}}, nil
}

func (m *Module) load(goctx context.Context, op string) (promise *Value, err error) {
	err = m.context().under(goctx, op, func() error {
		made, status, problem := native.LoadModule(m.ctx.iso.handle, m.handle)
		if status != native.OK {
			return m.ctx.refused(op, status, problem)
		}
		if made, err = m.ctx.iso.own(made); err == nil {
			promise = m.ctx.value(made)
		}
		return err
	})
	runtime.KeepAlive(m)
	return promise, err
}

// namespaceOf waits for the promise of a namespace, which it takes over.
func (ctx *Context) namespaceOf(goctx context.Context, promise *Value) (*Object, error) {
	defer promise.Release()
	namespace, err := ctx.awaitValue(goctx, promise.native, promise)
	if err != nil {
		return nil, err
	}
	return &Object{namespace}, nil
}

// Namespace is the object of the module's exports. It is an error before the module was loaded.
func (m *Module) Namespace() (*Object, error) {
	const op = "Namespace"
	if err := m.context().enter(); err != nil {
		return nil, err
	}
	defer m.ctx.leave()
	made, status := native.Namespace(m.handle)
	if status == native.ErrState {
		return nil, &Error{Op: op, Status: status.Name(), Message: "the module was not loaded: Run and Load do that"}
	}
	if status != native.OK {
		return nil, statusError(op, status)
	}
	made, err := m.ctx.iso.own(made)
	if err != nil {
		return nil, err
	}
	return &Object{m.ctx.value(made)}, nil
}

// CreateCodeCache gives the module's code, with what was compiled lazily until now, for CompileModule
// with the same text and URL another time. It is code: bytes that somebody has forged are run, so keep
// them where the text is kept. Modules without text have none.
func (m *Module) CreateCodeCache() (*CompilerCachedData, error) {
	const op = "CreateCodeCache"
	if err := m.context().enter(); err != nil {
		return nil, err
	}
	defer m.ctx.leave()
	bytes, status := native.ModuleCache(m.handle)
	if status == native.ErrState {
		return nil, &Error{Op: op, Status: status.Name(), Message: "the module has no text"}
	}
	if status != native.OK {
		return nil, statusError(op, status)
	}
	return &CompilerCachedData{Bytes: bytes}, nil
}

// SetExport sets an export of a module of NewModule: a Value, or what Marshal takes. Who imports it
// sees the new value.
func (m *Module) SetExport(name string, x any) error {
	const op = "SetExport"
	if err := cText(op, "the name", name); err != nil {
		return err
	}
	if err := m.context().enter(); err != nil {
		return err
	}
	defer m.ctx.leave()
	value, free, err := m.ctx.lent(op, x)
	if err != nil {
		return err
	}
	defer free()
	switch status := native.SetExport(m.handle, name, value); status {
	case native.OK:
		return nil
	case native.ErrState:
		return &Error{Op: op, Status: status.Name(),
			Message: fmt.Sprintf("the module %s has no export %q that can be set: only those of NewModule can", m.url, name)}
	default:
		return statusError(op, status)
	}
}

// RunModule compiles a module and runs it: see CompileModule and Module.Run.
func (ctx *Context) RunModule(goctx context.Context, source, url string) (*Object, error) {
	made, err := ctx.CompileModule(source, url)
	if err != nil {
		return nil, err
	}
	return made.Run(goctx)
}

// Import gives the namespace of the module that import(specifier) finds in the context, once it has
// run. What is relative is so to the referrer "<import>": for a file system, to its root.
func (ctx *Context) Import(goctx context.Context, specifier string) (*Object, error) {
	importer, err := ctx.importer()
	if err != nil {
		return nil, err
	}
	var promise *Value
	err = ctx.under(goctx, "Import", func() error {
		if err := ctx.iso.notCalled("Import"); err != nil {
			return err
		}
		promise, err = ctx.callText(importer, specifier)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ctx.namespaceOf(goctx, promise)
}

// importer is the function that Import calls.
func (ctx *Context) importer() (*Value, error) {
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	if ctx.modules.importer == nil {
		made, err := ctx.RunScript("(specifier) => import(specifier)", importReferrer)
		if err == nil {
			made, err = made.Keep()
		}
		if err != nil {
			return nil, err
		}
		ctx.modules.importer = made
	}
	return ctx.modules.importer, nil
}

const importReferrer = "<import>"

// callText calls a function with a text; with the isolate entered.
func (ctx *Context) callText(function *Value, text string) (*Value, error) {
	frame := ctx.iso.frame()
	frame.Begin(1, native.WantValue)
	frame.Subject = function.native
	var pins runtime.Pinner
	defer pins.Unpin()
	if err := ctx.text(frame, &pins, &frame.Args[0], text); err != nil {
		return nil, err
	}
	if status := native.Call(ctx.handle, frame); status != native.OK {
		return nil, ctx.failed("Import", status, frame)
	}
	return ctx.value(frame.Result), nil
}
