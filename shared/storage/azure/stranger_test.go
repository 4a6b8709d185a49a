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

// What has no record is erased: a gateway's 404 in the place of storage's answer must not say that there is none.
func TestStrangersAnswerDoesNotSayThatSomethingIsMissing(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>not found</html>", `{"odata.error":{"code":"TableNotFound"}}`} {
		store, err := azure.Open(azure.Config{
			BlobURL: "https://a.blob.core.windows.net", TableURL: "https://a.table.core.windows.net", QueueURL: "https://a.queue.core.windows.net",
			Credential: &identity{}, Now: time.Now,
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusNotFound, Body: io.NopCloser(strings.NewReader(body)), Request: r, Header: http.Header{}}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		key := storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}
		_, record := store.Records.Get(t.Context(), key)
		_, _, blob := store.Blobs.Get(t.Context(), "uploads/a")
		_, list := store.Blobs.List(t.Context(), "uploads/", "", 1)
		for call, err := range map[string]error{
			"record": record, "blob": blob, "list": list,
			"delete record": store.Records.Delete(t.Context(), key, ""), "delete blob": store.Blobs.Delete(t.Context(), "uploads/a"),
		} {
			if !errors.Is(err, fault.StorageUnavailable) {
				t.Errorf("%s, told %q: %v", call, body, err)
			}
		}
	}
}
