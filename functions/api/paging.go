package api

import (
	"net/url"
	"strconv"
	"time"
)

// nextPage is the value of a Link header (RFC 8288) that leads to the page after a cursor. It repeats what the request asked for.
func nextPage(path, after string, limit int, asked url.Values) string {
	asked.Set("after", after)
	asked.Set("limit", strconv.Itoa(limit))
	return "<" + path + "?" + asked.Encode() + `>; rel="next"`
}

// since is a time that a request may have given, as the values of a query.
func since(at time.Time) []string {
	if at.IsZero() {
		return nil
	}
	return []string{at.Format(time.RFC3339)}
}
