package native

import (
	"testing"
	"unsafe"
)

// What Go and C both lay out is laid out alike.
func TestLayouts(t *testing.T) {
	for _, each := range layouts() {
		if each.mine != each.theirs {
			t.Errorf("%s: %d here, %d in C", each.what, each.mine, each.theirs)
		}
	}
	if len(layouts()) < 10 || unsafe.Sizeof(Value{}) != 16 {
		t.Fatal("too little is looked at")
	}
}
