// Command reference writes docs/go-reference.md, made of the package's doc comments:
//
//	go run ./internal/reference >../../docs/go-reference.md
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// sections are the headings, with the types that stand under each; what is under none comes last.
var sections = []struct {
	title string
	names []string
}{
	{"Functions", nil},
	{"Isolates and contexts", []string{"Isolate", "IsolateOption", "Context", "ContextOption", "Scope"}},
	{"Values", []string{"Value", "Valuer", "Object", "Attributes", "Array", "Function", "Symbol", "Date", "RegExp", "Map",
		"Set", "Exception"}},
	{"Trees", []string{"Marshaler", "Unmarshaler", "TypedArray", "Element", "Pattern"}},
	{"Templates", []string{"ObjectTemplate", "FunctionTemplate", "FunctionOptions", "FunctionCallback",
		"FunctionCallbackWithError", "FunctionCallbackInfo", "PropertyAttribute", "Getter", "Setter", "PropertyHandler",
		"PropertyCallbackInfo"}},
	{"Errors", []string{"JSError", "Frame", "PanicError", "ConversionError", "Error"}},
	{"Promises", []string{"Promise", "PromiseState", "PromiseResolver"}},
	{"Modules and libraries", []string{"Module", "ModuleSource", "Import", "Resolver", "Library"}},
	{"Scripts and snapshots", []string{"UnboundScript", "CompileOptions", "CompilerCachedData", "Snapshot",
		"SnapshotScript"}},
	{"Pools", []string{"Pool", "PoolOption", "Program", "Result", "MapOption", "Isolation", "PoolStatistics"}},
	{"Tools", []string{"Inspector", "InspectorOption", "InspectorSession", "HeapStatistics", "ConsoleMessage"}},
}

type page struct {
	files *token.FileSet
	doc   *doc.Package
	text  strings.Builder
}

func main() {
	p := page{files: token.NewFileSet()}
	if err := p.read(); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
	p.write()
	fmt.Print(p.text.String())
}

func (p *page) read() error {
	names, err := filepath.Glob("*.go")
	if err != nil {
		return err
	}
	var parsed []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.files, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if file.Name.Name == "isthmus" {
			parsed = append(parsed, file)
		}
	}
	if parsed == nil {
		return errors.New("run it in the folder of the package")
	}
	p.doc, err = doc.NewFromFiles(p.files, parsed, "isthmus/bindings/go")
	return err
}

func (p *page) write() {
	p.text.WriteString(`# Reference of the Go package

Made of the doc comments by ` + "`go run ./internal/reference`" + `; the guide is [go.md](go.md). Unless something else is said,
any goroutine may use everything; what belongs to something that was closed answers ` + "`ErrClosed`" + `.
`)
	left := map[string]*doc.Type{}
	for _, each := range p.doc.Types {
		left[each.Name] = each
	}
	for i, section := range sections {
		fmt.Fprintf(&p.text, "\n## %s\n", section.title)
		if i == 0 {
			p.functions(p.doc.Funcs)
		}
		if section.title == "Errors" {
			p.values(append(slices.Clone(p.doc.Vars), p.doc.Consts...))
		}
		for _, name := range section.names {
			if found := left[name]; found != nil {
				p.typ(found)
				delete(left, name)
			}
		}
	}
	if len(left) == 0 {
		return
	}
	p.text.WriteString("\n## More\n")
	for _, each := range p.doc.Types {
		if left[each.Name] != nil {
			p.typ(each)
		}
	}
}

func (p *page) typ(t *doc.Type) {
	fmt.Fprintf(&p.text, "\n### %s\n", t.Name)
	p.code(t.Decl)
	p.comment(t.Doc)
	p.values(append(slices.Clone(t.Consts), t.Vars...))
	p.functions(t.Funcs)
	var plain []*doc.Func
	var kinds []string
	for _, method := range t.Methods {
		// What only asks for a kind is told in one place.
		if strings.HasPrefix(method.Name, "Is") && t.Name == "Value" {
			kinds = append(kinds, "`"+method.Name+"`")
		} else {
			plain = append(plain, method)
		}
	}
	p.functions(plain)
	if kinds != nil {
		fmt.Fprintf(&p.text, "\n#### Kinds\n\nThese ask what the value is, run nothing, and are false when that cannot be told any more: %s.\n",
			strings.Join(kinds, ", "))
	}
}

func (p *page) functions(all []*doc.Func) {
	for _, each := range all {
		name := each.Name
		if each.Recv != "" {
			name = strings.TrimLeft(each.Recv, "*") + "." + name
		}
		fmt.Fprintf(&p.text, "\n#### %s\n", generic.ReplaceAllString(name, ""))
		p.code(each.Decl)
		p.comment(each.Doc)
	}
}

var generic = regexp.MustCompile(`\[.*?\]`)

func (p *page) values(all []*doc.Value) {
	for _, each := range all {
		p.code(each.Decl)
		p.comment(each.Doc)
	}
}

func (p *page) code(decl ast.Decl) {
	if function, ok := decl.(*ast.FuncDecl); ok {
		without := *function
		without.Body, without.Doc = nil, nil
		decl = &without
	}
	var text bytes.Buffer
	_ = (&printer.Config{Mode: printer.UseSpaces, Tabwidth: 4}).Fprint(&text, p.files, decl)
	fmt.Fprintf(&p.text, "\n```text\n%s\n```\n", text.String())
}

func (p *page) comment(text string) {
	if text == "" {
		return
	}
	printer := comment.Printer{HeadingLevel: 5, HeadingID: func(*comment.Heading) string { return "" },
		DocLinkURL: func(*comment.DocLink) string { return "" }}
	var parsed comment.Parser
	p.text.WriteString("\n")
	p.text.Write(printer.Markdown(parsed.Parse(text)))
}
