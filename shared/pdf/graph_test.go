package pdf

import (
	"errors"
	"testing"
)

func TestReplacementWithTooManyReferencesLeavesTheObject(t *testing.T) {
	s := &saved{
		objects: map[int]object{1: {raw: "<</A 2 0 R>>"}}, refers: map[int][]int32{1: {2}}, replaced: map[int]bool{}, links: maxLinks,
	}
	if err := s.replace(1, "<</A 2 0 R/B 3 0 R>>"); !errors.Is(err, errBig) {
		t.Errorf("got %v", err)
	}
	if s.objects[1].raw != "<</A 2 0 R>>" || s.replaced[1] || len(s.refers[1]) != 1 || s.links != maxLinks {
		t.Errorf("the object is %q, replaced: %v, with references to %v", s.objects[1].raw, s.replaced[1], s.refers[1])
	}
	if err := s.replace(1, "<</A 3 0 R>>"); err != nil || !s.replaced[1] {
		t.Errorf("got %v", err)
	}
}
