// Package goroutine tells goroutines apart, which Go does not: a lock that its holder may take again
// has to know who asks.
package goroutine

// ID is the address of the running goroutine's descriptor: the same as long as it runs, never 0, and
// that of another one once it has ended.
func ID() uintptr
