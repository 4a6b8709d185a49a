package access

import (
	"net/http"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// FromElsewhere refuses a request that a browser sent because a page of another site or host told it to (Fetch Metadata Request
// Headers, Sec-Fetch-Site): with credentials that the browser keeps, such a page could have documents erased or created. Programs
// send no such header.
func FromElsewhere(h http.Header) error {
	for _, site := range h.Values("Sec-Fetch-Site") {
		if site == "cross-site" || site == "same-site" {
			return fault.New(fault.CrossSite, "a page of another site sent this request with a browser; call the service from a program")
		}
	}
	return nil
}
