package language

import (
	"cmp"
	"context"
	"slices"
)

// mostChosen bounds the languages of a document: each costs time on every page.
const mostChosen = 3

// Sample returns the pages that are looked at to choose the languages of a document: the first, the one in the middle and the last.
func Sample(pages []int) []int {
	if len(pages) == 0 {
		return nil
	}
	return slices.Compact([]int{pages[0], pages[len(pages)/2], pages[len(pages)-1]})
}

// Choose chooses the languages of a document, of those allowed. look returns the languages that a page shows, the likeliest
// first, none if it shows none. What most pages show comes first; a document that shows nothing is read in the usual language.
func Choose(ctx context.Context, pages []int, allowed []string, look func(ctx context.Context, page int) ([]string, error)) ([]string, error) {
	if len(allowed) < 2 {
		return allowed, nil
	}
	weight := map[string]int{}
	var chosen []string
	for _, n := range Sample(pages) {
		found, err := look(ctx, n)
		if err != nil {
			return nil, err
		}
		for i, code := range found {
			if !slices.Contains(allowed, code) {
				continue
			}
			if weight[code] == 0 {
				chosen = append(chosen, code)
			}
			weight[code] += mostChosen - min(i, mostChosen-1)
		}
	}
	if len(chosen) == 0 {
		return Usual(allowed), nil
	}
	slices.SortStableFunc(chosen, func(a, b string) int { return cmp.Compare(weight[b], weight[a]) })
	return chosen[:min(len(chosen), mostChosen)], nil
}
