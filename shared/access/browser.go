package access

import (
	"net/http"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// FromElsewhere refuses a request that a browser sent because a page of another site or host told it to (Fetch Metadata Request
// Headers, Sec-Fetch-Site): with credentials that the browser keeps, such a page could have documents erased or created. Programs
// send no such header.
func FromElsewhere(h http.Header) error {
	for site := range strings.SplitSeq(strings.Join(h.Values("Sec-Fetch-Site"), ","), ",") { // a proxy may join two of them
		if site = strings.ToLower(strings.TrimSpace(site)); site == "cross-site" || site == "same-site" {
			return fault.New(fault.CrossSite, "a page of another site sent this request with a browser; call the service from a program")
		}
	}
	return nil
}
