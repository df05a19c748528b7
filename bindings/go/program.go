package isthmus

import (
	"context"
	"sync"

	"isthmus/bindings/go/internal/native"
)

// Program is a classic script for pools: it finds its input in the global `input`, and its completion
// value is its result; when that is a promise, what it is fulfilled with. It has the built-ins of the
// language and nothing else. Any goroutine may use it; it must not be changed meanwhile.
type Program struct {
	Source string
	Origin string // names it in errors; "" is "<program>"
	Line   int    // how many lines stand before it in its file
}

// NewProgram makes a program of its text and its name. Whether it parses is seen when it runs.
func NewProgram(source, origin string) *Program { return &Program{Source: source, Origin: origin} }

// Run runs the program over one input in the default pool.
func (p *Program) Run(input any) (any, error) { return p.RunContext(context.Background(), input) }

// RunContext runs the program over one input in the default pool, and gives its value, as Unmarshal
// makes one for an any. When the Go context ends, so does the run, with an error that is
// context.DeadlineExceeded or context.Canceled.
func (p *Program) RunContext(ctx context.Context, input any) (any, error) {
	pool, err := DefaultPool()
	if err != nil {
		return nil, err
	}
	return pool.Run(ctx, p, input)
}

// DefaultPool is the pool of programs that run by themselves: it has the options that NewPool begins
// with, is made when it is first asked for, and is not to be closed.
func DefaultPool() (*Pool, error) { return defaultPool() }

var defaultPool = sync.OnceValues(func() (*Pool, error) { return NewPool() })

// batch begins a batch of the program; with the pool entered.
func (p *Program) batch(op string, pool *pool, window int) (*poolBatch, error) {
	if p == nil {
		return nil, argumentError(op, "the program is nil")
	}
	origin := p.Origin
	if origin == "" {
		origin = "<program>"
	}
	switch {
	case hasNUL(origin):
		return nil, &ConversionError{Go: "string", JavaScript: "origin", Message: "it has a NUL within"}
	case !isText(p.Source) || !isText(origin):
		return nil, &ConversionError{Go: "string", JavaScript: "string", Message: "it is not valid UTF-8"}
	case p.Line < 0 || p.Line > 1<<30:
		return nil, argumentError(op, "the line must be between 0 and 2^30, not %d", p.Line)
	}
	handle, status := native.NewBatch(pool.handle, p.Source, origin, p.Line, window)
	if status != native.OK {
		return nil, statusError(op, status)
	}
	return &poolBatch{pool: pool, handle: handle}, nil
}
