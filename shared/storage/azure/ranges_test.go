package azure_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
)

// Something on the way that does not know ranges answers with the whole blob, and something that is broken with another part.
func TestAnswerThatIsNotTheRangeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		status       int
		contentRange string
		want         error
	}{
		"the range":    {http.StatusPartialContent, "bytes 4-6/10", nil},
		"the whole":    {http.StatusOK, "", fault.StorageUnavailable},
		"another part": {http.StatusPartialContent, "bytes 40-42/100", fault.StorageUnavailable},
	} {
		store, err := azure.Open(azure.Config{
			BlobURL: "https://a.blob.core.windows.net", TableURL: "https://a.table.core.windows.net", QueueURL: "https://a.queue.core.windows.net",
			Credential: &identity{}, Now: time.Now,
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("If-Match") != `"0x1"` {
					t.Errorf("%s: the request is for the version %s", name, r.Header.Get("If-Match"))
				}
				return &http.Response{
					StatusCode: c.status, Request: r, Body: io.NopCloser(strings.NewReader("0123456789")), ContentLength: 10,
					Header: http.Header{"Content-Range": {c.contentRange}},
				}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := store.Blobs.GetRange(t.Context(), storage.Results+"/a/txt", "0x1", 4, 3)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if got, err := io.ReadAll(r); err != nil || len(got) != 3 {
			t.Errorf("%s: %q, %v, of an answer that is longer", name, got, err)
		}
	}
}
