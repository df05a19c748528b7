package isthmus

import "isthmus/bindings/go/internal/native"

// Symbol is a value that is a symbol. It belongs to an isolate, and to no context.
type Symbol struct{ *Value }

func (s *Symbol) value() *Value {
	if s == nil {
		return nil
	}
	return s.Value
}

// NewSymbol makes a symbol, other than all others, with a description.
func NewSymbol(iso *Isolate, description string) (*Symbol, error) {
	return iso.symbol("NewSymbol", native.OpSymbolNew, description)
}

// SymbolFor gives the symbol that Symbol.for does: the same for a key in the whole isolate.
func SymbolFor(iso *Isolate, key string) (*Symbol, error) {
	return iso.symbol("SymbolFor", native.OpSymbolFor, key)
}

func (iso *Isolate) symbol(op string, what native.Operation, of any) (*Symbol, error) {
	if iso == nil {
		return nil, argumentError(op, "the isolate is nil")
	}
	v, err := iso.nowhere().make(op, what, of)
	if err != nil {
		return nil, err
	}
	return &Symbol{v}, nil
}

// The symbols that the language itself looks for. Each is nil when the isolate is closed.

// SymbolAsyncIterator is Symbol.asyncIterator.
func SymbolAsyncIterator(iso *Isolate) *Symbol { return iso.known(native.SymbolAsyncIterator) }

// SymbolHasInstance is Symbol.hasInstance.
func SymbolHasInstance(iso *Isolate) *Symbol { return iso.known(native.SymbolHasInstance) }

// SymbolIsConcatSpreadable is Symbol.isConcatSpreadable.
func SymbolIsConcatSpreadable(iso *Isolate) *Symbol {
	return iso.known(native.SymbolIsConcatSpreadable)
}

// SymbolIterator is Symbol.iterator.
func SymbolIterator(iso *Isolate) *Symbol { return iso.known(native.SymbolIterator) }

// SymbolMatch is Symbol.match.
func SymbolMatch(iso *Isolate) *Symbol { return iso.known(native.SymbolMatch) }

// SymbolReplace is Symbol.replace.
func SymbolReplace(iso *Isolate) *Symbol { return iso.known(native.SymbolReplace) }

// SymbolSearch is Symbol.search.
func SymbolSearch(iso *Isolate) *Symbol { return iso.known(native.SymbolSearch) }

// SymbolSplit is Symbol.split.
func SymbolSplit(iso *Isolate) *Symbol { return iso.known(native.SymbolSplit) }

// SymbolToPrimitive is Symbol.toPrimitive.
func SymbolToPrimitive(iso *Isolate) *Symbol { return iso.known(native.SymbolToPrimitive) }

// SymbolToStringTag is Symbol.toStringTag.
func SymbolToStringTag(iso *Isolate) *Symbol { return iso.known(native.SymbolToStringTag) }

// SymbolUnscopables is Symbol.unscopables.
func SymbolUnscopables(iso *Isolate) *Symbol { return iso.known(native.SymbolUnscopables) }

func (iso *Isolate) known(which int) *Symbol {
	symbol, err := iso.symbol("Symbol", native.OpSymbolKnown, which)
	if err != nil {
		return nil
	}
	return symbol
}

// Description is what the symbol was made with; "" for a symbol without, and when the isolate is closed.
func (s *Symbol) Description() string {
	text, _ := s.description("Description")
	return text
}

func (s *Symbol) description(op string) (string, error) {
	result, err := ask(op, native.OpSymbolDescription, s)
	return result.text, err
}
