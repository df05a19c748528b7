// Structs with pointers, in the package that is made of tests/fixture/pointers.idl.
package pointers

import (
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestTextsAndBuffersInStructs(t *testing.T) {
	p := Person{Name: clib.Of("Ada"), Age: 36, Photo: []byte{1, 2, 3}}
	expect.Same(t, expect.Must[uint64](t)(PersonNameLength(p)), 3)
	expect.Same(t, expect.Must[uint64](t)(PersonNameLength(Person{})), 9999)
	expect.Same(t, expect.Must[uint32](t)(PersonPhotoSum(p)), 6)
	if initial := expect.Must[*string](t)(PersonInitial(p)); *initial != "Ada" {
		t.Fatal(*initial)
	}
	_, err := PersonNameLength(Person{Name: clib.Of("a\x00")})
	expect.Fails(t, err, clib.ErrArgument, "pointers.person_name_length: p.name: expected a string without NUL characters")
}

func TestStructsThatPointToStructs(t *testing.T) {
	friend := Person{Name: clib.Of("Charles"), Age: 44, Photo: []byte{9}}
	p := Person{Friend: &friend}
	expect.Same(t, expect.Must[int32](t)(PersonFriendAge(p)), 44)
	expect.Same(t, expect.Must[int32](t)(PersonFriendAge(friend)), -1)
	expect.Same(t, expect.Must[uint32](t)(PersonFriendPhotoSum(p)), 9)
	expect.Same(t, expect.Must[uint64](t)(PersonFriendNameLength(p)), 7)
	friend.Friend = &friend
	_, err := PersonFriendAge(friend)
	if err == nil {
		t.Fatal("a ring has no end")
	}
}

func TestChangedInPlace(t *testing.T) {
	p := Person{Name: clib.Of("Ada"), Age: 36, Photo: []byte{1}}
	if err := PersonBirthday(&p); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, p.Age, 37)
	expect.Same(t, *p.Name, "Ada")
	expect.Same(t, p.Photo[0], 1)
}

func TestArraysOfStructs(t *testing.T) {
	expect.Same(t, expect.Must[float64](t)(PointsSum([]Point{{1, 2}, {3, 4}})), 46)
	expect.Same(t, expect.Must[float64](t)(PointsSum(nil)), 0)
	team := Team{Lead: Person{Name: clib.Of("a"), Photo: []byte{7}}}
	team.Members[0].Name = clib.Of("bb")
	team.Members[1].Name = clib.Of("ccc")
	expect.Same(t, expect.Must[uint64](t)(TeamNameLengths(team)), 20301)
	expect.Same(t, expect.Must[uint32](t)(TeamPhotoSum(team)), 7)
	team.Members[1].Name = clib.Of("\x00")
	_, err := TeamNameLengths(team)
	expect.Fails(t, err, clib.ErrArgument,
		"pointers.team_name_lengths: t.members[1].name: expected a string without NUL characters")
}
