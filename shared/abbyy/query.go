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

// unescape decodes what is escaped in a name or a value.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s):
			if text, err := url.QueryUnescape(s[i : i+3]); err == nil {
				b.WriteString(text)
				i += 2
				continue
			}
			b.WriteByte('%')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
