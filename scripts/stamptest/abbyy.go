package stamptest

import (
	"net/http"
	"testing"

	"github.com/lethe-ocr/lethe/shared/abbyy/abbyytest"
)

// ServesABBYY holds a stamp to the interface of the ABBYY Cloud OCR SDK. Clients that double slashes have another address. A transport
// is nil for the usual one.
func ServesABBYY(t *testing.T, c Client, doubled string, transport http.RoundTripper) {
	t.Helper()
	abbyytest.Run(t, abbyytest.Service{
		Base: c.Base, Slashes: doubled, User: Application, Password: Secret, Picture: Picture(t, 1), MediaType: "image/png", Word: Canary,
		Transport: transport,
	})
}
