package isthmus

import (
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Library is a C library that an interface file describes. It serves every isolate of the process, and
// is closed when the program and all contexts that use it have forgotten it. Any goroutine may use it.
type Library struct {
	handle unsafe.Pointer
	name   string
}

// OpenLibrary opens an installed library by its name, such as "zlib", looking for its interface file
// in the given folders first; or by the path of the interface file, which has a "/" or the ending
// ".idl". The error tells what is wrong with the file; errors.Is finds fs.ErrNotExist in it when the
// file, the shared object or a symbol is not there.
func OpenLibrary(name string, folders ...string) (*Library, error) {
	const op = "OpenLibrary"
	for _, each := range append([]string{name}, folders...) {
		if err := cText(op, "the name", each); err != nil {
			return nil, err
		}
	}
	if strings.Contains(name, "/") || strings.HasSuffix(name, ".idl") {
		return opened(op)(native.OpenLibraryFile(name))
	}
	return opened(op)(native.OpenLibrary(name, folders))
}

// OpenLibraryText opens the library that the text of an interface file describes. file names the text
// in messages, and is what its relative paths start from.
func OpenLibraryText(text, file string) (*Library, error) {
	const op = "OpenLibraryText"
	if err := cText(op, "the file", file); err != nil {
		return nil, err
	}
	return opened(op)(native.OpenLibraryText(file, text))
}

// OpenLibraryDescriptor opens a library by the descriptor that `isthmus gen` makes of its interface
// file.
func OpenLibraryDescriptor(json string) (*Library, error) {
	return opened("OpenLibraryDescriptor")(native.OpenLibraryDescriptor(json))
}

func opened(op string) func(unsafe.Pointer, native.Status, *native.Error) (*Library, error) {
	return func(handle unsafe.Pointer, status native.Status, err *native.Error) (*Library, error) {
		if status != native.OK {
			problem := (*Context)(nil).refused(op, status, err)
			var plain *Error
			if status == native.ErrNotFound && errors.As(problem, &plain) {
				plain.err = fs.ErrNotExist
			}
			return nil, problem
		}
		made := &Library{handle, native.LibraryName(handle)}
		runtime.AddCleanup(made, func(handle unsafe.Pointer) { native.FreeLibrary(handle) }, handle)
		return made, nil
	}
}

// Name is what the interface file calls the library.
func (l *Library) Name() string {
	if l == nil {
		return ""
	}
	return l.name
}

// Load gives the context the use of a library: a frozen object of its functions, types and constants,
// for the caller to put where programs find it. Tags narrow it to the functions that have one of them;
// without any it is everything but what is unsafe, which the tag "unsafe" adds. One context has a
// library by one set of tags.
func (ctx *Context) Load(library *Library, tags ...string) (*Object, error) {
	const op = "Load"
	if library == nil || library.handle == nil {
		return nil, argumentError(op, "the library was not made by OpenLibrary or its kin")
	}
	for _, tag := range tags {
		if err := cText(op, "the tag", tag); err != nil {
			return nil, err
		}
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	exports, status, problem := native.Grant(ctx.iso.handle, ctx.handle, library.handle, tags)
	runtime.KeepAlive(library)
	if status != native.OK {
		return nil, ctx.refused(op, status, problem)
	}
	exports, err := ctx.iso.own(exports)
	if err != nil {
		return nil, err
	}
	return &Object{ctx.value(exports)}, nil
}

// WithLibrary grants the context a library, as OpenLibrary finds it and Load gives it, for programs to
// import as "ffi:NAME", by the name that the interface file has. A server that makes many contexts
// opens the library once: see WithOpenLibrary.
func WithLibrary(name string, tags ...string) ContextOption {
	return func(o *contextOptions) {
		o.libraries = append(o.libraries, grant{name: name, tags: tags})
	}
}

// WithOpenLibrary is WithLibrary for one that is open.
func WithOpenLibrary(library *Library, tags ...string) ContextOption {
	return func(o *contextOptions) {
		o.libraries = append(o.libraries, grant{library: library, open: true, tags: tags})
	}
}

// grant is a library that a context is to have.
type grant struct {
	name    string
	library *Library
	open    bool
	tags    []string
}

// granted is one that it has.
type granted struct {
	exports *Value
	module  *Module // made at its first import
}

// grant gives a new context its libraries.
func (ctx *Context) grant(libraries []grant) error {
	for _, each := range libraries {
		library := each.library
		if !each.open {
			var err error
			if library, err = OpenLibrary(each.name); err != nil {
				return err
			}
		}
		exports, err := ctx.Load(library, each.tags...)
		if err != nil {
			return err
		}
		kept, err := exports.Keep()
		exports.Release()
		if err != nil {
			return err
		}
		if ctx.modules.libraries == nil {
			ctx.modules.libraries = map[string]*granted{}
		}
		ctx.modules.libraries[library.name] = &granted{exports: kept}
	}
	return nil
}

// libraryModule is the module for an import of "ffi:NAME".
func (ctx *Context) libraryModule(i Import, name string) (*Module, error) {
	has := ctx.modules.libraries[name]
	if has == nil {
		return nil, importError(native.ErrDenied, nil,
			"%s is not allowed: the context was not granted it by WithLibrary(%q)", i.Specifier, name)
	}
	if has.module == nil {
		made, err := ctx.newModule("import", i.Specifier,
			func(iso unsafe.Pointer) (unsafe.Pointer, native.Status, *native.Error) {
				return native.NewModuleOf(iso, ctx.handle, i.Specifier, has.exports.native)
			}, false)
		if err != nil {
			return nil, err
		}
		has.module = made
	}
	return has.module, nil
}
