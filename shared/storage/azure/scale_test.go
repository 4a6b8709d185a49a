package azure_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task/erasuretest"
)

// metered adds up what is read of an answer.
type metered struct {
	io.ReadCloser
	bytes *atomic.Int64
}

// Read implements io.Reader.
func (m metered) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	m.bytes.Add(int64(n))
	return n, err
}

func TestSweepsAndFullPassesCostByWhatTheyGoThrough(t *testing.T) {
	var requests, bytes atomic.Int64
	erasuretest.Scale(t, func(t *testing.T) storagetest.Stores {
		store, err := azure.Open(azure.Config{
			ConnectionString: azurite.Start(t).Account(t).ConnectionString, SettleAfter: -time.Second, Now: time.Now,
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				resp, err := http.DefaultClient.Do(r)
				if err == nil {
					requests.Add(1)
					resp.Body = metered{resp.Body, &bytes}
				}
				return resp, err
			}),
		})
		if err == nil {
			err = store.Prepare(t.Context(), "westeurope")
		}
		if err != nil {
			t.Fatal(err)
		}
		return storagetest.Stores{Blobs: store.Blobs, Records: store.Records, Agenda: store.Records}
	}, func(t *testing.T, call func() error) (int64, int64) {
		t.Helper()
		requests.Store(0)
		bytes.Store(0)
		if err := call(); err != nil {
			t.Fatal(err)
		}
		return requests.Load(), bytes.Load()
	})
}
