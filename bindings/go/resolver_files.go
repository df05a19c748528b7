package isthmus

import (
	"errors"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"isthmus/bindings/go/internal/native"
)

var moduleEndings = []string{".mjs", ".js", ".json", "/index.mjs", "/index.js"}

// FileResolver finds modules in a file system, which stands at the root: the URL of "lib/x.mjs" is
// "file:///lib/x.mjs". Specifiers are relative ("./x.mjs"), absolute paths ("/lib/x.mjs") or such URLs;
// what a script imports is relative to the root, unless the script's name is one of these. A file that
// ends with ".json", or is imported as it, is JSON.
//
// A path that leads out of the file system is refused. Links are the file system's affair: those of
// os.DirFS may lead anywhere, those of os.Root.FS may not.
func FileResolver(files fs.FS) Resolver {
	return func(_ *Context, i Import) (ModuleSource, error) { return fileSource(files, i) }
}

func fileSource(files fs.FS, i Import) (source ModuleSource, err error) {
	if i.Type != "" && i.Type != "json" {
		return source, importError(native.ErrType, nil,
			"Module type '%s' of '%s' is not supported; only 'json' is", i.Type, i.Specifier)
	}
	plain, suffix := i.Specifier, ""
	if mark := strings.IndexAny(plain, "?#"); mark >= 0 {
		plain, suffix = plain[:mark], plain[mark:]
	}
	var name string
	switch {
	case strings.HasPrefix(plain, "file:"):
		at, ok := pathOf(plain)
		if !ok {
			return source, importError(native.ErrArgument, nil, "Invalid file: URL '%s'", i.Specifier)
		}
		name = at[1:]
	case i.isPath():
		at, err := url.PathUnescape(plain)
		if err != nil || strings.IndexByte(at, 0) >= 0 {
			return source, importError(native.ErrArgument, nil, "Invalid module specifier '%s'", i.Specifier)
		}
		if name = at; at[0] == '/' {
			name = at[1:]
		} else if base, ok := pathOf(i.Referrer); ok {
			name = path.Join(path.Dir(base)[1:], at)
		}
	default:
		hint := ""
		if !strings.Contains(plain, ":") {
			hint = ": a file is imported as './" + plain + "'"
		}
		return source, importError(native.ErrNotFound, fs.ErrNotExist,
			"Cannot find module '%s' imported from %s%s", i.Specifier, shown(i.Referrer), hint)
	}
	if name = path.Clean(name); !fs.ValidPath(name) {
		return source, importError(native.ErrDenied, nil,
			"Cannot import '%s' from %s: it is outside of the file system", i.Specifier, shown(i.Referrer))
	}
	text, err := readModule(files, name, i)
	if err != nil {
		return source, err
	}
	at := url.URL{Scheme: "file", Path: "/" + name}
	return ModuleSource{
		URL: at.String() + suffix, Text: text, JSON: i.Type == "json" || strings.HasSuffix(name, ".json"),
	}, nil
}

func readModule(files fs.FS, name string, i Import) (string, error) {
	text, err := fs.ReadFile(files, name)
	if err == nil {
		return string(text), nil
	}
	what := "'" + i.Specifier + "' imported from " + shown(i.Referrer)
	if info, wrong := fs.Stat(files, name); wrong == nil && info.IsDir() {
		return "", importError(native.ErrNotFound, err, "Cannot import directory %s", what)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
			return "", importError(native.ErrIO, err, "Cannot read module %s: %v", what, inner.Err)
		}
		return "", importError(native.ErrIO, err, "Cannot read module %s: %v", what, err)
	}
	for _, ending := range moduleEndings {
		if info, wrong := fs.Stat(files, name+ending); wrong == nil && !info.IsDir() {
			return "", importError(native.ErrNotFound, err,
				"Cannot find module %s; did you mean '%s%s'?", what, i.Specifier, ending)
		}
	}
	return "", importError(native.ErrNotFound, err, "Cannot find module %s", what)
}

// pathOf is the path of a file: URL without a host, or an absolute path itself.
func pathOf(at string) (string, bool) {
	if strings.HasPrefix(at, "/") {
		return at, true
	}
	parsed, err := url.Parse(at)
	if err != nil || parsed.Scheme != "file" || parsed.Host != "" && parsed.Host != "localhost" ||
		!strings.HasPrefix(parsed.Path, "/") || strings.IndexByte(parsed.Path, 0) >= 0 {
		return "", false
	}
	return parsed.Path, true
}

// shown is a referrer as messages show it.
func shown(referrer string) string {
	if at, ok := pathOf(referrer); ok {
		return at
	}
	return referrer
}

func fileMeta(url string) map[string]any {
	at, ok := pathOf(url)
	if !ok || !strings.HasPrefix(url, "file:") {
		return map[string]any{}
	}
	return map[string]any{"filename": at, "dirname": path.Dir(at)}
}
