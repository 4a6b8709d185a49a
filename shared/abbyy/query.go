package abbyy

import (
	"net/url"
	"strings"
)

// pair is a parameter of a query.
type pair struct{ name, value string }

// parseQuery parts a query as servers of the interface did: what is not escaped as it should be stands for itself. It
// fails if there are too many parameters.
func parseQuery(query string) ([]pair, bool) {
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		if len(pairs) == mostParameters {
			return nil, false
		}
		name, text, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{unescape(name), unescape(text)})
	}
	return pairs, true
}

func unescape(s string) string {
	text, err := url.QueryUnescape(s)
	if err != nil {
		text = strings.ReplaceAll(s, "+", " ")
	}
	return text
}
