// Names, in the package that is made of tests/fixture/names.idl.
package names

import (
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestNames(t *testing.T) {
	for _, f := range []func(int32) int32{Plain, NmDefault, Nm2nd, Chosen, Symbolic, OtherName} {
		f(1)
	}
	if _, err := Missing(1); err != nil {
		expect.Fails(t, err, clib.ErrMissing, "names.missing: this version of the library lacks it")
	} else {
		t.Fatal("it is there")
	}
	_, status := StatLike()
	expect.Same(t, status, StatLikeT{Size: status.Size})
}
