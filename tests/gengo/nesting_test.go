// What must not be entered twice, and depth, in the package that is made of tests/fixture/nesting.idl.
package nesting

import (
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestNothingEntersTwice(t *testing.T) {
	m := expect.Must[*Machine](t)(NewMachine())
	result := expect.Must[int32](t)(m.Run(func(value int32) (int32, error) {
		_, err := m.Step()
		expect.Fails(t, err, clib.ErrState, "nesting.Machine.step: in use by nesting.Machine.run")
		return 4, nil
	}))
	expect.Same(t, result, 4)
	expect.Same(t, expect.Must[int32](t)(m.Step()), 1)
	m.Close()
	expect.Same(t, expect.Must[int32](t)(MachinesBroken()), 0)
}

func TestASealedCallbackLetsNothingIn(t *testing.T) {
	result := expect.Must[int32](t)(SealedRun(3, func(value int32) (int32, error) {
		_, err := SealedOther()
		expect.Fails(t, err, clib.ErrState, "nesting.sealed_other: cannot be called while a sealed_fn runs")
		_, err = NewMachine()
		expect.Fails(t, err, clib.ErrState, "nesting.Machine: cannot be called while a sealed_fn runs")
		// Other goroutines are not inside of it.
		done := make(chan int32)
		go func() {
			value, _ := SealedOther()
			done <- value
		}()
		expect.Same(t, <-done, 9)
		return value * 2, nil
	}))
	expect.Same(t, result, 6)
	expect.Same(t, expect.Must[int32](t)(SealedOther()), 9)
}

func TestArraysOfTextInCallbacks(t *testing.T) {
	expect.Must[int32](t)(Rows(func(values []*string, names []string) (int32, error) {
		expect.Same(t, *values[0], "one")
		if values[1] != nil {
			t.Error("a NULL became text")
		}
		expect.Same(t, *values[2], "zwö")
		expect.Same(t, names[0]+names[1]+names[2], "abc")
		return 0, nil
	}))
	got := expect.Must[int32](t)(Order("ab", "c", func(a, b string) (int32, error) {
		return int32(len(a)*10 + len(b)), nil
	}))
	expect.Same(t, got, 21)
}

func tree(t *testing.T, value int32) *Tree { return expect.Must[*Tree](t)(NewTree(value)) }

func TestDepthIsBounded(t *testing.T) {
	before := expect.Must[int32](t)(TreesAlive())
	root := tree(t, 0)
	for i := range int32(100) {
		outer := tree(t, i)
		if err := outer.Add(root); err != nil {
			t.Fatal(err)
		}
		root = outer
	}
	outer := tree(t, 0)
	err := outer.Add(root)
	expect.Fails(t, err, clib.ErrState, "nesting.Tree.add: child: Tree objects would be nested more than 100 deep")
	outer.Close()
	root.Close()
	expect.Same(t, expect.Must[int32](t)(TreesAlive()), before)
}

func TestBorrowedTrees(t *testing.T) {
	root, child := tree(t, 1), tree(t, 2)
	if err := root.Add(child); err != nil {
		t.Fatal(err)
	}
	inner := expect.Must[*Tree](t)(root.Child())
	expect.Same(t, expect.Must[int32](t)(inner.Value()), 2)
	err := inner.Close()
	expect.Fails(t, err, clib.ErrState, "nesting.Tree.free: the Tree is borrowed and cannot be closed")
	err = tree(t, 3).Add(inner)
	expect.Fails(t, err, clib.ErrState, "nesting.Tree.add: child: the Tree is borrowed and cannot be given away")
	detached := expect.Must[*Tree](t)(root.Detach())
	_, err = inner.Value()
	expect.Fails(t, err, clib.ErrClosed, "nesting.Tree.value: the Tree is no longer valid after nesting.Tree.detach")
	expect.Same(t, expect.Must[int32](t)(detached.Value()), 2)
	root.Close()
	detached.Close()
	if none, err := tree(t, 4).Child(); none != nil || err != nil {
		t.Fatal(none, err)
	}
}
