package render

import "fmt"

// identifiers counts the elements of a page, so that ids are unique in the document: block_2_1 is the first block of
// page 2.
type identifiers struct {
	page   int
	counts map[string]int
}

func newIdentifiers(page int) identifiers {
	return identifiers{page: page, counts: make(map[string]int)}
}

func (i identifiers) next(kind string) string {
	i.counts[kind]++
	return fmt.Sprintf("%s_%d_%d", kind, i.page, i.counts[kind])
}
