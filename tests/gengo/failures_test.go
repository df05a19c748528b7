// Errors, in the package that is made of tests/fixture/failures.idl.
package failures

import (
	"errors"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestABundleIsAnError(t *testing.T) {
	if err := FailCode(0); err != nil {
		t.Fatal(err)
	}
	err := FailCode(7)
	var failure *Failure
	if !errors.As(err, &failure) {
		t.Fatalf("%T", err)
	}
	expect.Same(t, failure.Code, 7)
	expect.Same(t, failure.Library, "failures")
	expect.Same(t, failure.Function, "fail_code")
	expect.Same(t, err.Error(), "failures.fail_code: failure number 7")
	if !errors.Is(err, &Failure{clib.Failure{Code: 7}}) || errors.Is(err, &Failure{clib.Failure{Code: 8}}) {
		t.Fatal("errors.Is does not go by the code")
	}
	expect.Same(t, FailCode(99).Error(), "failures.fail_code: failed with 99")
	value, err := FailCodeValue(0)
	if value != 0 || err != nil {
		t.Fatal(value, err)
	}
	if _, err = FailCodeValue(3); err == nil {
		t.Fatal("no failure")
	}
}

func TestWhatFails(t *testing.T) {
	expect.Same(t, expect.Must[int32](t)(FailNegative(5)), 5)
	_, err := FailNegative(-5)
	expect.Same(t, err.Error(), "failures.fail_negative: failed with -5")
	for _, code := range []int32{0, FAIL_ROW, FAIL_DONE} {
		expect.Same(t, expect.Must[int32](t)(FailExcept(code)), code)
	}
	if _, err = FailExcept(102); err == nil {
		t.Fatal("no failure")
	}
	_, err = FailName(-1)
	expect.Same(t, err.Error(), "failures.fail_name: no name")
	expect.Same(t, expect.Must[string](t)(FailName(1)), "name")
	_, err = FailOutput(3)
	var detailed *Detailed
	if !errors.As(err, &detailed) || detailed.Code != 3000 {
		t.Fatal(err)
	}
}

func TestTextsOfErrorsAreFreed(t *testing.T) {
	for code := range int32(100) {
		err := FailExplained(code)
		switch {
		case code == 0 && err == nil:
		case code == 50:
			expect.Same(t, err.Error(), "failures.fail_explained: failure number 50")
		default:
			if err == nil {
				t.Fatal("no failure")
			}
		}
	}
	expect.Same(t, FailExplained(4).Error(), "failures.fail_explained: because of 4")
	expect.Same(t, FailWhys(), 0)
}

func TestCleanUpRuns(t *testing.T) {
	before := FailCleanups()
	if err := FailCleanup(3); err == nil {
		t.Fatal("no failure")
	}
	expect.Same(t, FailCleanups(), before+3)
}

func TestErrno(t *testing.T) {
	_, errno := ErrnoSet(17)
	expect.Same(t, errno, 17)
	// It is zero before the call, whatever the one before has left.
	value, errno := ErrnoGet()
	expect.Same(t, value, 0)
	expect.Same(t, errno, 0)
	_, err := ErrnoThrow(11)
	var system *System
	if !errors.As(err, &system) || system.Code != 11 || system.Message != "errno says" {
		t.Fatal(err)
	}
}

func TestABundleMayAskTheObject(t *testing.T) {
	store := expect.Must[*Store](t)(NewStore())
	defer store.Close()
	if err := store.Put(10); err != nil {
		t.Fatal(err)
	}
	err := store.Put(13)
	var failure *StoreError
	if !errors.As(err, &failure) || failure.Code != 4003 || failure.Message != "cannot put 13" {
		t.Fatal(err)
	}
	expect.Same(t, err.Error(), "failures.Store.put: cannot put 13")
}
