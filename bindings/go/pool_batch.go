package isthmus

import (
	"sync"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// poolBatch is one program over many inputs in a pool. One goroutine adds inputs, one takes outcomes, and
// any may cancel it; whatever comes when the pool is closed is ErrClosed.
type poolBatch struct {
	pool   *pool
	handle unsafe.Pointer // of the ist_batch

	mu    sync.Mutex
	freed bool
}

// errCancelled is what adding to a batch that was cancelled gives.
var errCancelled = statusError("", native.ErrTerminated)

func (p *pool) newBatch(op string, program *Program, window int) (*poolBatch, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	b, err := program.batch(op, p, window)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batches[b] = struct{}{}
	if p.closed {
		native.CancelBatch(b.handle)
	}
	return b, nil
}

func (b *poolBatch) add(input []byte) error {
	if err := b.pool.enter(); err != nil {
		return err
	}
	defer b.pool.leave()
	switch status := native.AddInput(b.handle, input); status {
	case native.OK:
		return nil
	case native.ErrTerminated:
		return errCancelled
	default:
		return statusError("", status)
	}
}

// finish says that no more inputs come.
func (b *poolBatch) finish() {
	if b.pool.enter() == nil {
		native.EndBatch(b.handle)
		b.pool.leave()
	}
}

// next waits for outcomes, which are in the order of the inputs; none: there are no more. They lie in
// `to`.
func (b *poolBatch) next(to []native.Outcome) ([]native.Outcome, error) {
	if err := b.pool.enter(); err != nil {
		return nil, err
	}
	defer b.pool.leave()
	to, status := native.NextOutcomes(b.handle, to[:0])
	if status != native.OK && status != native.ErrNotFound {
		return nil, statusError("", status)
	}
	return to, nil
}

// cancel ends what runs, from any goroutine, at any time.
func (b *poolBatch) cancel() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.freed && b.pool.enter() == nil {
		native.CancelBatch(b.handle)
		b.pool.leave()
	}
}

// free ends what runs and frees it; nobody adds or takes any more.
func (b *poolBatch) free() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.freed = true
	if b.pool.enter() != nil {
		return
	}
	defer b.pool.leave()
	b.pool.mu.Lock()
	delete(b.pool.batches, b)
	b.pool.mu.Unlock()
	native.FreeBatch(b.handle)
}
