package isthmus

import (
	"iter"

	"isthmus/bindings/go/internal/native"
)

// Map is an object that is a Map. Its methods are V8's own, whatever a program has done to Map.prototype;
// keys and values are what Marshal makes of them. Its properties are those of its Object.
type Map struct{ *Object }

// NewMap makes an empty Map.
func NewMap(ctx *Context) (*Map, error) {
	v, err := ctx.make("NewMap", native.OpMapNew)
	if err != nil {
		return nil, err
	}
	return &Map{&Object{v}}, nil
}

// Get gives the value of a key; undefined when there is none.
func (m *Map) Get(key any) (*Value, error) { return askFor("Map.Get", native.OpMapGet, m, key) }

// Set gives a key a value.
func (m *Map) Set(key, x any) error {
	_, err := ask("Map.Set", native.OpMapSet, m, key, x)
	return err
}

// Has tells whether there is a key.
func (m *Map) Has(key any) (bool, error) { return truth("Map.Has", native.OpCollectionHas, m, key) }

// Delete removes a key, and tells whether there was one.
func (m *Map) Delete(key any) (bool, error) {
	return truth("Map.Delete", native.OpCollectionDelete, m, key)
}

// Clear removes all keys.
func (m *Map) Clear() error {
	_, err := ask("Map.Clear", native.OpCollectionClear, m)
	return err
}

// Len is how many keys there are.
func (m *Map) Len() (int, error) { return size("Map.Len", m) }

// All gives keys and values in the order in which the keys came. They are read before it returns.
func (m *Map) All() (iter.Seq2[*Value, *Value], error) {
	members, err := members("Map.All", m)
	if err != nil {
		return nil, err
	}
	return func(yield func(*Value, *Value) bool) {
		for i := 0; i+1 < len(members); i += 2 {
			if !yield(members[i], members[i+1]) {
				return
			}
		}
	}, nil
}

// Set is an object that is a Set; as with Map, the methods are V8's own.
type Set struct{ *Object }

// NewSet makes a Set of the members.
func NewSet(ctx *Context, members ...any) (*Set, error) {
	v, err := ctx.make("NewSet", native.OpSetNew)
	if err != nil {
		return nil, err
	}
	set := &Set{&Object{v}}
	for _, member := range members {
		if err := set.Add(member); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// Add adds a member.
func (s *Set) Add(member any) error {
	_, err := ask("Set.Add", native.OpSetAdd, s, member)
	return err
}

// Has tells whether there is a member.
func (s *Set) Has(member any) (bool, error) {
	return truth("Set.Has", native.OpCollectionHas, s, member)
}

// Delete removes a member, and tells whether there was one.
func (s *Set) Delete(member any) (bool, error) {
	return truth("Set.Delete", native.OpCollectionDelete, s, member)
}

// Clear removes all members.
func (s *Set) Clear() error {
	_, err := ask("Set.Clear", native.OpCollectionClear, s)
	return err
}

// Len is how many members there are.
func (s *Set) Len() (int, error) { return size("Set.Len", s) }

// All gives the members in the order in which they came. They are read before it returns.
func (s *Set) All() (iter.Seq[*Value], error) {
	members, err := members("Set.All", s)
	if err != nil {
		return nil, err
	}
	return func(yield func(*Value) bool) {
		for _, member := range members {
			if !yield(member) {
				return
			}
		}
	}, nil
}

func truth(op string, what native.Operation, about Valuer, args ...any) (bool, error) {
	result, err := ask(op, what, about, args...)
	return result.truth(), err
}

func size(op string, of Valuer) (int, error) {
	result, err := ask(op, native.OpCollectionSize, of)
	return int(result.number()), err
}

// members reads those of a Set, or the keys and values of a Map.
func members(op string, of Valuer) ([]*Value, error) {
	array, err := askFor(op, native.OpCollectionEntries, of)
	if err != nil {
		return nil, err
	}
	defer array.Release()
	return elements(op, array)
}
