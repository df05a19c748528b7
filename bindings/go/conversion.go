package isthmus

import "strings"

// ConversionError is a Go value that has no JavaScript value, or a JavaScript value that the wanted
// Go type has no room for. Nothing is rounded, cut or guessed.
type ConversionError struct {
	Go         string // the Go type
	JavaScript string // what it was to become, or what it was
	Path       string // where in the value, such as "$.rows[3].name"; "" for the whole
	Message    string
	err        error // of a method of the Go type's
}

// Unwrap gives the error of the Go type's own method, such as UnmarshalText, if that has failed.
func (e *ConversionError) Unwrap() error { return e.err }

// Error gives "isthmus: Path: Go type, JavaScript type: Message".
func (e *ConversionError) Error() string {
	var text strings.Builder
	text.WriteString("isthmus: ")
	if e.Path != "" {
		text.WriteString(e.Path + ": ")
	}
	text.WriteString(e.Go + " and " + e.JavaScript + ": " + e.Message)
	return text.String()
}
