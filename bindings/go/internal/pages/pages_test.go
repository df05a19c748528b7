//go:build !asan && !race

// Package pages runs what the pages of docs/ show of the Go package, so that none of it is wrong.
//
// The blocks of Go in a page are one program: what an example makes, the next one uses. A line with
// the comment `// -> text` prints that. A block that is a whole program (`package main`) is one of its
// own, and so is each that follows the comment <!-- alone -->.
package pages

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// packages are those that examples use, by name.
var packages = map[string]string{
	"isthmus": "isthmus/bindings/go", "big": "math/big", "slog": "log/slog", "http": "net/http",
	"fstest": "testing/fstest", "fs": "io/fs", "clib": "isthmus/bindings/go/clib", "zlib": "isthmus/bindings/go/libs/zlib",
	"sqlite3": "isthmus/bindings/go/libs/sqlite3", "cjson": "isthmus/bindings/go/libs/cjson",
	"libc": "isthmus/bindings/go/libs/libc", "libm": "isthmus/bindings/go/libs/libm",
}

var (
	fence    = regexp.MustCompile("(?ms)^```go\n(.*?)^```(?:\n\nprints\n\n```text\n(.*?)^```)?")
	printed  = regexp.MustCompile(`// -> (.*)`)
	selector = regexp.MustCompile(`\b([a-z][a-zA-Z0-9]*)\.[A-Z]`)
)

func TestPages(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := filepath.Glob(filepath.Join(root, "docs", "go*.md"))
	pages = append(pages, filepath.Join(root, "README.md"))
	if len(pages) < 2 {
		t.Fatalf("there are only %v", pages)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var together []string
		for i, found := range fence.FindAllStringSubmatch(string(text), -1) {
			if block := found[1]; strings.HasPrefix(block, "package main\n") {
				run(t, fmt.Sprintf("%s/%d", filepath.Base(page), i+1), block, found[2])
			} else {
				together = append(together, block)
			}
		}
		if together != nil {
			all := strings.Join(together, "\n")
			var want strings.Builder
			for _, line := range printed.FindAllStringSubmatch(all, -1) {
				want.WriteString(strings.TrimRight(line[1], " ") + "\n")
			}
			run(t, filepath.Base(page), program(t, all), want.String())
		}
	}
}

// The reference is what the doc comments say now.
func TestReference(t *testing.T) {
	command := exec.Command("go", "run", "./internal/reference")
	command.Dir = "../.."
	made, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	there, err := os.ReadFile("../../../../docs/go-reference.md")
	if err != nil || string(there) != string(made) {
		t.Errorf("docs/go-reference.md is not what the doc comments say (%v); in bindings/go: "+
			"go run ./internal/reference >../../docs/go-reference.md", err)
	}
}

// program makes one of statements.
func program(t *testing.T, statements string) string {
	t.Helper()
	text := "package main\nfunc main() {\n" + statements + "\n}\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "page.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%v\n%s", err, numbered(text))
	}
	// What an example only makes would be “declared and not used”.
	var used []string
	body := file.Decls[0].(*ast.FuncDecl).Body
	for _, statement := range body.List {
		made, ok := statement.(*ast.AssignStmt)
		if !ok || made.Tok != token.DEFINE {
			continue
		}
		for _, each := range made.Lhs {
			if name := each.(*ast.Ident).Name; name != "_" && !slices.Contains(used, name) {
				used = append(used, name)
			}
		}
	}
	var imports []string
	for _, found := range selector.FindAllStringSubmatch(statements, -1) {
		name := found[1]
		path, known := packages[name]
		if !known {
			path = name
			if _, err := os.Stat(filepath.Join(goroot(t), "src", name)); err != nil {
				continue
			}
		}
		if slices.Contains(used, name) {
			continue
		}
		if line := fmt.Sprintf("import %s %q", name, path); !slices.Contains(imports, line) {
			imports = append(imports, line)
		}
	}
	text = "package main\n" + strings.Join(imports, "\n") + "\nfunc main() {\n" + statements + "\n"
	for _, name := range used {
		text += "_ = " + name + "\n"
	}
	formatted, err := format.Source([]byte(text + "}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return string(formatted)
}

func goroot(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(root))
}

// run runs a program, which is to print what is wanted.
func run(t *testing.T, name, text, want string) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		// It is a package of this module for the compiler alone.
		file := filepath.Join(t.TempDir(), "main.go")
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay, _ := json.Marshal(map[string]any{"Replace": map[string]string{
			filepath.Join(here, "page", "main.go"): file,
		}})
		replaced := filepath.Join(t.TempDir(), "overlay.json")
		if err := os.WriteFile(replaced, overlay, 0o600); err != nil {
			t.Fatal(err)
		}
		command := exec.Command("go", "run", "-overlay", replaced, "isthmus/bindings/go/internal/pages/page")
		var errors strings.Builder
		command.Stderr = &errors
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v\n%s\n%s\n%s", err, out, errors.String(), numbered(text))
		}
		if string(out) != want {
			t.Errorf("it prints\n%s\nand not\n%s", out, want)
		}
	})
}

func numbered(text string) string {
	var made strings.Builder
	for i, line := range strings.Split(text, "\n") {
		fmt.Fprintf(&made, "%4d %s\n", i+1, line)
	}
	return made.String()
}
