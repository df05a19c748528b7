package clib

// given is a place in a struct that goes to C, with the function there, or none.
type given struct {
	use *Use
	one *Closure
}

// For says which call the functions are given to that structs hold.
func (a *Arena) For(c *Call) { a.call = c }

// Function gives C the function of a struct's field. Those that share user data have one group, whose
// first is what C knows them by, and end together.
func (a *Arena) Function(use *Use, function any, group **Closure) (*Closure, error) {
	one, err := a.call.Give(use, function)
	if err != nil {
		return nil, err
	}
	a.given = append(a.given, given{use, one})
	if group != nil && *group == nil {
		*group = one
	} else if group != nil {
		(*group).joined = append((*group).joined, one)
	}
	return one, nil
}

// Without notes that a field's function is NULL.
func (a *Arena) Without(use *Use) {
	if a.call != nil {
		a.given = append(a.given, given{use, nil})
	}
}

// Accepted notes whether C keeps the functions.
func (a *Arena) Accepted(accepted bool) {
	for _, one := range a.given {
		a.call.Accept(one.use, one.one, accepted)
	}
	a.given = nil
}

// Unset is the error of a field without its function.
func Unset(field string) error {
	return &Error{Parameter: field, Text: "expected a function, got nil", Kind: ErrArgument}
}
