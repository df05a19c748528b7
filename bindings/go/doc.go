// Package isthmus runs JavaScript in V8 for goroutines.
//
// An Isolate is a heap, a Context a global object in it; RunScript, Eval, Call and Bind go between the two languages,
// Marshal and Unmarshal take whole trees along. Any goroutine may use everything: an isolate is locked for each
// operation, or for many by Do. What is forgotten, Go's collector frees; what was closed answers ErrClosed. Whatever
// JavaScript does, and whatever a program does with values, is a result or an error.
//
//	iso := isthmus.NewIsolate(isthmus.WithHeapLimit(64 << 20))
//	defer iso.Close()
//	ctx := iso.NewContext()
//	sum, err := isthmus.Eval[int](ctx, "[1, 2, 3].reduce((a, b) => a + b)", "main.js")
//
// The library is found by pkg-config under the name isthmus: that of a build tree by
// PKG_CONFIG_PATH=…/build, an installed one where pkg-config looks. The guide is docs/go.md. C libraries without V8 are
// packages that `isthmus gen --go` writes; see clib and libs.
package isthmus
