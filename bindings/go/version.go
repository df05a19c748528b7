package isthmus

import "isthmus/bindings/go/internal/native"

// Version is the version of V8, such as "10.2.154.26".
func Version() string { return native.V8Version() }

// Release is the version of Isthmus, such as "0.1.0".
func Release() string { return native.Version() }
