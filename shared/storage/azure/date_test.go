package azure_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
)

// Every answer of every service counts, refusals too.
func TestTheStoreTellsItsTimeWithEveryAnswer(t *testing.T) {
	date := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	remote := clock.NewRemote(time.Now)
	answers := 0
	store, err := azure.Open(azure.Config{
		BlobURL: "https://a.blob.core.windows.net", TableURL: "https://a.table.core.windows.net", QueueURL: "https://a.queue.core.windows.net",
		Credential: &identity{}, Now: remote.Now, Observe: remote.Observe,
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			answers++
			return &http.Response{
				StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r,
				Header: http.Header{"Date": {date.Add(time.Duration(answers) * 10 * time.Second).Format(http.TimeFormat)}},
			}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if remote.Seen() || remote.Agrees() == nil {
		t.Error("a store that has said nothing is known")
	}
	for n, call := range []func() error{
		func() error { return store.Tell(t.Context()) },
		func() error {
			_, err := store.Blobs.Stat(t.Context(), storage.Uploads+"/x")
			return err
		},
		func() error {
			_, err := store.Records.Get(t.Context(), storage.Key{Table: storage.Tasks, Partition: "a", Row: "b"})
			return err
		},
	} {
		if err := call(); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("call %d: %v", n, err)
		}
		if off := remote.Now().Sub(date.Add(time.Duration(n+1) * 10 * time.Second)); off < 0 || off > time.Minute {
			t.Errorf("after answer %d it is %s off", n+1, off)
		}
	}
	if remote.Agrees() == nil {
		t.Error("an instance that is months off takes work")
	}
}
