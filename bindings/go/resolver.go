package isthmus

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"isthmus/bindings/go/internal/native"
)

// Import is what a program imports.
type Import struct {
	// Specifier is what stands there.
	Specifier string
	// Referrer is the URL of the module that imports it, or the name of the script.
	Referrer string
	// Type is what the import's assertion demands, such as "json"; "" without one.
	Type string
}

// URL is the specifier, taken relative to the referrer when it is relative.
func (i Import) URL() string {
	if !i.isPath() {
		return i.Specifier
	}
	base, err := url.Parse(i.Referrer)
	if err != nil || !base.IsAbs() && !strings.HasPrefix(i.Referrer, "/") {
		return i.Specifier
	}
	to, err := base.Parse(i.Specifier)
	if err != nil {
		return i.Specifier
	}
	return to.String()
}

func (i Import) isPath() bool {
	s := i.Specifier
	return s == "." || s == ".." || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") ||
		strings.HasPrefix(s, "/")
}

// ModuleSource is what a module is made of: its Text, or Exports, or a Module.
type ModuleSource struct {
	// URL is what the module is known by: a URL has one module in a context, the first that was found
	// for it. "" stands for Import.URL.
	URL string
	// Text is the text of a module, or JSON, whose value is the module's default export.
	Text string
	// JSON says that Text is that. It also is where the import demands it.
	JSON bool
	// Exports are those of a module of Go values; see Context.NewModule.
	Exports map[string]any
	// Module is a module of the context.
	Module *Module
	// CachedData is the code of Text; see Module.CreateCodeCache.
	CachedData *CompilerCachedData
}

// Resolver finds what a program imports. An error in which errors.Is finds fs.ErrNotExist has the
// next Resolver asked; any other one is what the import fails with, and comes back out of JavaScript
// as itself. It runs while JavaScript waits, and may use the context.
type Resolver func(ctx *Context, i Import) (ModuleSource, error)

// WithResolver has a function find modules, where those that were given before it do not; nil adds
// none. A context without any imports nothing.
func WithResolver(resolver Resolver) ContextOption {
	return func(o *contextOptions) {
		if resolver != nil {
			o.resolvers = append(o.resolvers, resolver)
		}
	}
}

// WithModules has modules found in a file system, and nowhere else: see FileResolver. Their
// import.meta has filename and dirname, their paths in it.
func WithModules(files fs.FS) ContextOption {
	if files == nil {
		return WithResolver(nil)
	}
	return func(o *contextOptions) {
		o.resolvers = append(o.resolvers, FileResolver(files))
		inner := o.meta
		o.meta = func(url string) map[string]any {
			meta := fileMeta(url)
			if inner != nil {
				for name, value := range inner(url) {
					meta[name] = value
				}
			}
			return meta
		}
	}
}

// WithImportMeta adds to the import.meta of the context's modules, by their URL, at its first use:
// Values, or what Marshal takes.
func WithImportMeta(meta func(url string) map[string]any) ContextOption {
	return func(o *contextOptions) {
		if meta == nil {
			return
		}
		outer := o.meta
		o.meta = func(url string) map[string]any {
			all := map[string]any{}
			if outer != nil {
				all = outer(url)
			}
			for name, value := range meta(url) {
				all[name] = value
			}
			return all
		}
	}
}

// importError is the error of an import.
func importError(status native.Status, err error, format string, args ...any) *Error {
	return &Error{Op: "import", Status: status.Name(), Message: fmt.Sprintf(format, args...), err: err}
}

// asked answers an import; ctx is nil when the context was forgotten.
func (iso *Isolate) asked(ctx *Context, event *native.Event) {
	if ctx == nil {
		// The import ends with its context.
		return
	}
	i := Import{Specifier: event.Text(), Referrer: event.Referrer(), Type: event.Type()}
	module, err := ctx.find(i)
	if err == nil {
		native.FinishImport(event.Import, module.handle, native.HostError{})
		return
	}
	made := ctx.hostError(err)
	native.FinishImport(event.Import, nil, made)
	made.Free()
}

// find gives the module for an import.
func (ctx *Context) find(i Import) (module *Module, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			module, err = nil, panicked(cause)
		}
	}()
	if name, ok := strings.CutPrefix(i.Specifier, "ffi:"); ok {
		return ctx.libraryModule(i, name)
	}
	if len(ctx.modules.resolvers) == 0 {
		return nil, importError(native.ErrDenied, nil, "Cannot import '%s': the context was granted no imports. "+
			"Give it a file system or a function that finds them: WithModules, WithResolver", i.Specifier)
	}
	var missing error
	for _, resolver := range ctx.modules.resolvers {
		source, err := resolver(ctx, i)
		if err == nil {
			return ctx.moduleOf(i, source)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if missing == nil || missing == fs.ErrNotExist {
			missing = err
		}
	}
	if missing == fs.ErrNotExist {
		missing = importError(native.ErrNotFound, missing,
			"Cannot find module '%s' imported from %s", i.Specifier, i.Referrer)
	}
	return nil, missing
}

// moduleOf is the module that a Resolver's answer stands for; that which its URL has already, if
// there is one.
func (ctx *Context) moduleOf(i Import, source ModuleSource) (*Module, error) {
	given := 0
	for _, is := range []bool{source.Text != "", source.Exports != nil, source.Module != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return nil, importError(native.ErrArgument, nil,
			"the Resolver has answered '%s' with more than one of Text, Exports and Module", i.Specifier)
	}
	if source.Module != nil {
		if source.Module.ctx != ctx {
			return nil, importError(native.ErrHandle, nil, "the module for '%s' belongs to another context", i.Specifier)
		}
		return source.Module, nil
	}
	at := source.URL
	if at == "" {
		at = i.URL()
	}
	if known := ctx.modules.known[at]; known != nil {
		return known, nil
	}
	var made *Module
	var err error
	switch {
	case source.Exports != nil:
		made, err = ctx.NewModule(source.Exports, at)
	case source.JSON || i.Type == "json":
		made, err = ctx.NewJSONModule(source.Text, at)
	default:
		made, err = ctx.CompileModule(source.Text, at, CompileOptions{CachedData: source.CachedData})
	}
	if err != nil {
		return nil, err
	}
	ctx.modules.add(made)
	return made, nil
}

func (m *modules) add(made *Module) {
	if m.known == nil {
		m.known = map[string]*Module{}
	}
	m.known[made.url] = made
}

// hostError is the error of an import as C takes it.
func (ctx *Context) hostError(err error) native.HostError {
	message := err.Error()
	if ours, ok := err.(*Error); ok {
		message = ours.Message // as engines say it
	}
	value, free := ctx.errorSaying(err, message)
	defer free()
	return native.ErrorOf(ctx.handle, value)
}

// describe adds to an import.meta.
func (ctx *Context) describe(event *native.Event) {
	if ctx == nil || ctx.modules.meta == nil {
		return
	}
	for name, x := range ctx.modules.meta(event.Text()) {
		if err := ctx.defineMeta(event.Value, name, x); err != nil {
			ctx.iso.rejections.add(&rejection{err: fmt.Errorf("import.meta.%s of %s: %w", name, event.Text(), err)})
		}
	}
}

func (ctx *Context) defineMeta(meta native.Value, name string, x any) error {
	const op = "import.meta"
	if err := cText(op, "the name", name); err != nil {
		return err
	}
	value, free, err := ctx.lent(op, x)
	if err != nil {
		return err
	}
	defer free()
	status, problem := native.Define(ctx.iso.handle, ctx.handle, meta, name, value)
	return ctx.refused(op, status, problem)
}
