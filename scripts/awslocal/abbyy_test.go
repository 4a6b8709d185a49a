package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// renamed gives the headers back their names that a function URL sends under others: those of the length and of the challenge. It is
// what clients lose there, and nothing else. Links begin with https, as on the platform, where the emulator listens in the clear.
type renamed struct{ http.Transport }

func (r *renamed) RoundTrip(req *http.Request) (*http.Response, error) {
	open := req.Clone(req.Context())
	open.URL.Scheme = "http"
	res, err := r.Transport.RoundTrip(open)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Content-Length", "Www-Authenticate"} {
		for key, values := range res.Header {
			if strings.EqualFold(key, "X-Amzn-Remapped-"+name) {
				res.Header[name] = values
			}
		}
	}
	return res, nil
}

// Clients of the ABBYY Cloud OCR SDK work through the function URL, too, if they neither wait for a challenge nor need a length.
func TestClientsOfABBYYWorkThroughTheFunctionURL(t *testing.T) {
	s := start(t, nil, nil)
	transport := &renamed{http.Transport{DisableCompression: true}}
	defer transport.CloseIdleConnections()
	stamptest.ServesABBYY(t, s.Client, s.Base+"/", transport)
}
