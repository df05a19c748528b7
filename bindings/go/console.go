package isthmus

import (
	"context"
	"log/slog"
	"time"

	"isthmus/bindings/go/internal/native"
)

// ConsoleMessage is what JavaScript's console says.
type ConsoleMessage struct {
	Context *Context
	// Method is that of console, such as "warn"; what others say is "log".
	Method string
	// Text is the message as console shows it, without the last line's end.
	Text string
}

// Level is the message's for slog: Debug, Info (of log and info), Warn or Error.
func (m ConsoleMessage) Level() slog.Level {
	switch m.Method {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

var consoleMethods = [...]string{"debug", "log", "info", "warn", "error"}

// WithLogger sets where the context's console writes; by default to slog.Default(). Records come
// under the Go context that JavaScript runs under.
func WithLogger(logger *slog.Logger) ContextOption {
	if logger == nil {
		return WithConsole(nil)
	}
	return WithConsole(func(ctx context.Context, m ConsoleMessage) { log(ctx, logger, m) })
}

// WithConsole has the context's console call a function, which runs while JavaScript waits, and may
// use the context. ctx is the Go context that JavaScript runs under. nil: as without the option.
func WithConsole(say func(ctx context.Context, m ConsoleMessage)) ContextOption {
	return func(o *contextOptions) { o.console = say }
}

// WithoutConsole has nobody told of what the context's console says.
func WithoutConsole() ContextOption {
	return WithConsole(func(context.Context, ConsoleMessage) {})
}

// log writes a record that does not say that this file has made it.
func log(ctx context.Context, logger *slog.Logger, m ConsoleMessage) {
	handler := logger.Handler()
	if level := m.Level(); handler.Enabled(ctx, level) {
		_ = handler.Handle(ctx, slog.NewRecord(time.Now(), level, m.Text, 0))
	}
}

// say passes a message on; ctx is nil when the context was forgotten.
func (ctx *Context) say(event *native.Event) {
	m := ConsoleMessage{Context: ctx, Method: "log", Text: event.Text()}
	if int(event.Level) < len(consoleMethods) {
		m.Method = consoleMethods[event.Level]
	}
	under := context.Background()
	if ctx != nil && ctx.iso.running != nil {
		under = ctx.iso.running
	}
	if ctx == nil || ctx.console == nil {
		log(under, slog.Default(), m)
		return
	}
	ctx.console(under, m)
}
