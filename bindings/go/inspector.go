package isthmus

import (
	"runtime"
	"sync"
	"time"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Inspector is the inspector of an isolate: sessions of the Chrome DevTools protocol, over whatever
// transport the program has.
//
// Any goroutine may use it. What it is asked for is done by the goroutine that has the isolate: the
// caller itself, or one that runs JavaScript, in its midst, or one that is paused.
type Inspector struct {
	iso    *Isolate
	handle unsafe.Pointer // with the isolate entered; nil: it was closed
	pause  func(*Inspector)
	ready  func(*Inspector)

	// With the isolate entered:
	sending int // sessions that are being told something

	mu     sync.Mutex
	paused int           // pauses on the stack
	going  chan struct{} // closed when the innermost is over
}

// InspectorOption is a setting of NewInspector.
type InspectorOption func(*Inspector)

// WithPause has a function called when JavaScript is paused, on the goroutine that runs it, which holds
// the isolate; JavaScript goes on when it returns. It calls Serve, or gives messages to sessions itself
// until Paused is false. By default it is Serve: other goroutines go on, and so does JavaScript when
// one of them says so, or the Go context ends that it runs under.
func WithPause(pause func(*Inspector)) InspectorOption {
	return func(i *Inspector) { i.pause = pause }
}

// WithReady has a function called when a session has sent Runtime.runIfWaitingForDebugger: a program
// that waits for a debugger may begin.
func WithReady(ready func(*Inspector)) InspectorOption {
	return func(i *Inspector) { i.ready = ready }
}

// NewInspector makes the inspector of an isolate, of which there is one at a time.
func (iso *Isolate) NewInspector(options ...InspectorOption) (*Inspector, error) {
	const op = "NewInspector"
	made := &Inspector{iso: iso, pause: func(i *Inspector) { i.Serve(0) }}
	for _, option := range options {
		option(made)
	}
	if err := iso.enter(nil); err != nil {
		return nil, err
	}
	defer iso.leave()
	handle, status := native.NewInspector(iso.handle, iso.number, iso.answers.add(hook(made.told)))
	if status == native.ErrState {
		return nil, &Error{Op: op, Status: status.Name(), Message: "the isolate has an inspector already"}
	}
	if status != native.OK {
		return nil, statusError(op, status)
	}
	made.handle = handle
	return made, nil
}

// perform does something with the isolate entered and the inspector open.
func (i *Inspector) perform(op string, what func() native.Status) error {
	if i == nil || i.iso == nil {
		return argumentError(op, "the inspector was not made by NewInspector")
	}
	status := native.OK
	var wrong error
	err := i.iso.perform(true, func() {
		switch {
		case i.handle == nil:
			wrong = closedError(op, "the inspector is closed")
		case i.sending > 0:
			wrong = &Error{Op: op, Status: native.ErrState.Name(),
				Message: "a session's message is being told: the inspector cannot be used by who receives it"}
		default:
			status = what()
		}
	})
	switch {
	case err != nil:
		return err
	case wrong != nil:
		return wrong
	case status != native.OK:
		return statusError(op, status)
	}
	return nil
}

func foreignError(op, message string) error {
	return &Error{Op: op, Status: native.ErrHandle.Name(), Message: message, err: ErrForeign}
}

func closedError(op, message string) error {
	return &Error{Op: op, Status: native.ErrHandle.Name(), Message: message, err: ErrClosed}
}

// Close gives the inspector up with its sessions; what is paused goes on. Closing twice is fine.
func (i *Inspector) Close() error {
	if i == nil {
		return nil
	}
	_ = i.iso.perform(true, func() {
		if handle := i.handle; handle != nil {
			i.handle = nil
			native.FreeInspector(handle)
			i.goOn()
		}
	})
	return nil
}

// AddContext shows a context of the isolate to the sessions, by a name; "": the context's own.
func (i *Inspector) AddContext(ctx *Context, name string) error {
	const op = "AddContext"
	if i != nil && (ctx == nil || ctx.iso != i.iso) {
		return foreignError(op, "the context belongs to another isolate")
	}
	if err := cText(op, "the name", name); err != nil {
		return err
	}
	var closed error
	err := i.perform(op, func() native.Status {
		if closed = ctx.Err(); closed != nil {
			return native.OK
		}
		return native.InspectContext(i.handle, ctx.handle, name)
	})
	if closed != nil {
		return closed
	}
	return err
}

// Pause pauses at the next statement that runs, as a debugger statement would, for the sessions that
// have enabled Debugger now. The reason, "other" when it is "", is told to them.
func (i *Inspector) Pause(reason string) error {
	const op = "Pause"
	if err := cText(op, "the reason", reason); err != nil {
		return err
	}
	if reason == "" {
		reason = "other"
	}
	return i.perform(op, func() native.Status { return native.PauseInspector(i.handle, reason) })
}

// Paused tells whether JavaScript is paused.
func (i *Inspector) Paused() bool {
	if i == nil {
		return false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.going != nil
}

// Serve, within a pause, does what other goroutines ask of the inspector until JavaScript is to go on,
// or for so long, when that is not 0.
func (i *Inspector) Serve(atMost time.Duration) {
	if !i.Paused() {
		return
	}
	i.mu.Lock()
	going := i.going
	i.mu.Unlock()
	if going == nil || !i.iso.lock.held() {
		return
	}
	var over <-chan time.Time
	if atMost > 0 {
		timer := time.NewTimer(atMost)
		defer timer.Stop()
		over = timer.C
	}
	var ended <-chan struct{} // what runs is to end, also when it is paused
	if i.iso.running != nil {
		ended = i.iso.running.Done()
	}
	added := i.iso.errands.listen()
	defer i.iso.errands.unlisten()
	for {
		i.iso.errands.take()
		select {
		case <-going:
			return
		default:
		}
		select {
		case <-added:
		case <-going:
			return
		case <-over:
			return
		case <-ended:
			return
		}
	}
}

// goOn has a pause end.
func (i *Inspector) goOn() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.going != nil {
		close(i.going)
		i.going = nil
	}
}

func (i *Inspector) told(event *native.Event) native.Status {
	switch event.Kind {
	case native.Pause:
		i.mu.Lock()
		i.going = make(chan struct{})
		i.mu.Unlock()
		defer i.goOn()
		i.pause(i)
	case native.Quit:
		i.goOn()
	case native.Ready:
		if i.ready != nil {
			i.ready(i)
		}
	}
	return native.OK
}

// InspectorSession is a session of an inspector.
type InspectorSession struct {
	inspector *Inspector
	handle    unsafe.Pointer // with the isolate entered; nil: it was closed
	receive   func(message []byte)
}

// NewSession opens a session. receive is called with each answer and event, JSON, as it comes, by the
// goroutine that has the isolate; the bytes are its to keep. It may not run JavaScript or use the
// inspector.
func (i *Inspector) NewSession(receive func(message []byte)) (*InspectorSession, error) {
	const op = "NewSession"
	if receive == nil {
		return nil, &Error{Op: op, Status: native.ErrArgument.Name(), Message: "receive is nil"}
	}
	made := &InspectorSession{inspector: i, receive: receive}
	err := i.perform(op, func() (status native.Status) {
		made.handle, status = native.NewSession(i.handle, i.iso.number, i.iso.answers.add(hook(made.told)))
		return status
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (s *InspectorSession) told(event *native.Event) native.Status {
	s.inspector.sending++
	defer func() { s.inspector.sending-- }()
	s.receive([]byte(event.Text()))
	return native.OK
}

// Send gives a message of the protocol, a JSON object, to the isolate; its answer comes to the
// session's receive, often before this returns.
func (s *InspectorSession) Send(message []byte) error {
	const op = "Send"
	if s == nil || s.inspector == nil {
		return argumentError(op, "the session was not made by NewSession")
	}
	closed, malformed := false, false
	err := s.inspector.perform(op, func() native.Status {
		if closed = s.handle == nil; closed {
			return native.OK
		}
		status := native.Dispatch(s.handle, message)
		if malformed = status == native.ErrFormat; malformed {
			return native.OK
		}
		return status
	})
	runtime.KeepAlive(s)
	switch {
	case err != nil:
		return err
	case closed:
		return closedError(op, "the session is closed")
	case malformed:
		return &Error{Op: op, Status: native.ErrFormat.Name(), Message: "an inspector's message is a JSON object"}
	}
	return nil
}

// Close ends the session; what is paused for it goes on. Closing twice is fine.
func (s *InspectorSession) Close() error {
	if s == nil || s.inspector == nil {
		return nil
	}
	_ = s.inspector.iso.perform(true, func() {
		if handle := s.handle; handle != nil && s.inspector.handle != nil {
			s.handle = nil
			native.FreeSession(handle)
		}
	})
	return nil
}
