package cjson

import (
	"errors"
	"math/rand"
	"runtime"
	"sync"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func parse(t *testing.T, text string) *Item {
	t.Helper()
	item := expect.Must[*Item](t)(Parse(text))
	t.Cleanup(func() { item.Close() })
	return item
}

func TestATreeIsReadAndWritten(t *testing.T) {
	root := parse(t, `{"a": [1, 2.5, "zwö", null]}`)
	list := expect.Must[*Item](t)(root.GetObjectItem("a"))
	expect.Same(t, expect.Must[int32](t)(list.GetArraySize()), 4)
	item := expect.Must[*Item](t)(list.GetArrayItem(2))
	expect.Same(t, *expect.Must[*string](t)(item.GetStringValue()), "zwö")
	expect.Same(t, *expect.Must[*string](t)(item.Valuestring()), "zwö")
	expect.Same(t, expect.Must[float64](t)(expect.Must[*Item](t)(list.GetArrayItem(1)).Valuedouble()), 2.5)
	expect.Same(t, expect.Must[string](t)(root.PrintUnformatted()), `{"a":[1,2.5,"zwö",null]}`)
	if none := expect.Must[*Item](t)(root.GetObjectItem("b")); none != nil {
		t.Fatal("what is not there is an item")
	}
	again := expect.Must[*Item](t)(list.GetArrayItem(2))
	expect.Same(t, again, item)
}

func TestWhatIsNoJSON(t *testing.T) {
	_, err := Parse("{")
	var failure *ParseError
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	expect.Same(t, err.Error(), "cjson.Parse: the text is not valid JSON")
	root, end, err := ParseWithOpts(`[1] rest`)
	if err != nil || end != 3 {
		t.Fatal(end, err)
	}
	root.Close()
}

func TestItemsAreGivenAway(t *testing.T) {
	list := expect.Must[*Item](t)(CreateArray())
	defer list.Close()
	one := expect.Must[*Item](t)(CreateNumber(1))
	if err := list.AddItemToArray(one); err != nil {
		t.Fatal(err)
	}
	_, err := one.GetNumberValue()
	expect.Fails(t, err, clib.ErrClosed, "cjson.Item.GetNumberValue: the Item was given to cjson.Item.AddItemToArray")
	inside := expect.Must[*Item](t)(list.GetArrayItem(0))
	err = inside.Close()
	expect.Fails(t, err, clib.ErrState, "cjson.Item.Delete: the Item is borrowed and cannot be closed")
	detached := expect.Must[*Item](t)(list.DetachItemFromArray(0))
	_, err = inside.GetNumberValue()
	expect.Fails(t, err, clib.ErrClosed,
		"cjson.Item.GetNumberValue: the Item is no longer valid after cjson.Item.DetachItemFromArray")
	expect.Same(t, expect.Must[float64](t)(detached.GetNumberValue()), 1)
	err = list.InsertItemInArray(-1, detached)
	var failure *AddError
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	// It was given away all the same.
	_, err = detached.GetNumberValue()
	if !errors.Is(err, clib.ErrClosed) {
		t.Fatal(err)
	}
	err = list.AddItemToArray(list)
	if !errors.Is(err, clib.ErrState) {
		t.Fatal(err)
	}
}

func TestDepth(t *testing.T) {
	root := expect.Must[*Item](t)(CreateArray())
	for range 1000 {
		outer := expect.Must[*Item](t)(CreateArray())
		if err := outer.AddItemToArray(root); err != nil {
			t.Fatal(err)
		}
		root = outer
	}
	outer := expect.Must[*Item](t)(CreateArray())
	defer outer.Close()
	err := outer.AddItemToArray(root)
	expect.Fails(t, err, clib.ErrState,
		"cjson.Item.AddItemToArray: item: Item objects would be nested more than 1000 deep")
	root.Close()
}

func TestArraysGoIn(t *testing.T) {
	texts := expect.Must[*Item](t)(CreateStringArray([]string{"a", "b"}))
	defer texts.Close()
	expect.Same(t, expect.Must[string](t)(texts.PrintUnformatted()), `["a","b"]`)
	numbers := expect.Must[*Item](t)(CreateDoubleArray([]float64{1, 2}))
	defer numbers.Close()
	expect.Same(t, expect.Must[string](t)(numbers.PrintUnformatted()), `[1,2]`)
}

// Trees are built, taken apart and printed by many goroutines at once, in whatever order.
func TestMonkeys(t *testing.T) {
	var mu sync.Mutex
	items := make([]*Item, 16)
	for i := range items {
		items[i] = expect.Must[*Item](t)(CreateArray())
	}
	pick := func(r *rand.Rand) (*Item, *Item) {
		mu.Lock()
		defer mu.Unlock()
		return items[r.Intn(len(items))], items[r.Intn(len(items))]
	}
	keep := func(r *rand.Rand, item *Item, err error) {
		if item == nil || err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		items[r.Intn(len(items))] = item // and another is forgotten
	}
	one := func(r *rand.Rand) {
		a, b := pick(r)
		var item *Item
		var err error
		switch r.Intn(11) {
		case 0, 1:
			item, err = CreateArray()
		case 2, 3:
			err = a.AddItemToArray(b)
		case 4:
			item, err = a.GetArrayItem(0)
		case 5:
			item, err = a.DetachItemFromArray(0)
		case 6:
			err = a.DeleteItemFromArray(0)
		case 7:
			item, err = a.Duplicate()
		case 8:
			_, err = a.PrintUnformatted()
		case 9:
			_, err = a.Compare(b)
		case 10:
			if r.Intn(10) == 0 {
				err = a.Close()
			} else {
				err = a.ReplaceItemInArray(0, b)
			}
		}
		keep(r, item, err)
		var failure *AddError
		if err != nil && !errors.Is(err, clib.ErrClosed) && !errors.Is(err, clib.ErrState) && !errors.As(err, &failure) {
			t.Error(err)
		}
	}
	var group sync.WaitGroup
	for seed := range int64(4) {
		group.Add(1)
		go func() {
			defer group.Done()
			r := rand.New(rand.NewSource(seed))
			for i := range 5000 {
				one(r)
				if i%1000 == 0 {
					runtime.GC()
				}
			}
		}()
	}
	group.Wait()
}
