package azure_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
)

// wired is an empty store whose requests are counted and whose answers a test can lose.
func wired(t *testing.T, emulator *azurite.Emulator, after func(*http.Request) error) (*azure.Store, *atomic.Int64) {
	t.Helper()
	requests := &atomic.Int64{}
	store, err := azure.Open(azure.Config{
		ConnectionString: emulator.Account(t).ConnectionString, SettleAfter: -time.Second, Now: time.Now,
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			resp, err := http.DefaultClient.Do(r)
			if err == nil && after != nil {
				if lost := after(r); lost != nil {
					return nil, errors.Join(lost, resp.Body.Close())
				}
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
	requests.Store(0)
	return store, requests
}

// day is records of one application's day, all due within an hour.
func day(n int) []storage.Record {
	recs := make([]storage.Record, n)
	for i := range recs {
		recs[i] = storage.Record{
			Key: storage.Key{Table: storage.Tasks, Partition: "app!20260301", Row: fmt.Sprint("task", i)}, Value: fmt.Appendf(nil, "%01000d", i),
			Due: time.Date(2026, 3, 1, 12, 0, i%3600, 0, time.UTC),
		}
	}
	return recs
}

func TestThousandRecordsAreCreatedInTwentyRequests(t *testing.T) {
	store, requests := wired(t, azurite.Start(t), nil)
	recs := day(1000)
	if err := errors.Join(storage.CreateAll(t.Context(), store.Records, recs)...); err != nil {
		t.Fatal(err)
	}
	if n := requests.Load(); n > 20 {
		t.Errorf("%d requests", n)
	}
	// One that exists costs a request for each of its hundred.
	requests.Store(0)
	more := day(1200)[1000:]
	if _, err := store.Records.Put(t.Context(), storage.Record{Key: more[5].Key}); err != nil {
		t.Fatal(err)
	}
	for i, err := range storage.CreateAll(t.Context(), store.Records, more) {
		if i == 5 != errors.Is(err, fault.AlreadyExists) || i != 5 && err != nil {
			t.Errorf("record %d: %v", i, err)
		}
	}
	if n := requests.Load(); n > 1+4+100+1 {
		t.Errorf("%d requests where one record exists", n)
	}
}

// The answer to every transaction is lost once, and the SDK sends it again.
func TestTransactionWhoseAnswerWasLostIsKnownAgain(t *testing.T) {
	var sent atomic.Int64
	store, _ := wired(t, azurite.Start(t), func(r *http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/$batch") && sent.Add(1)%2 == 1 {
			return syscall.ECONNRESET
		}
		return nil
	})
	recs := day(100)
	if err := errors.Join(storage.CreateAll(t.Context(), store.Records, recs)...); err != nil || sent.Load() != 4 {
		t.Errorf("%d transactions: %v", sent.Load(), err)
	}
	if found, err := store.Records.List(t.Context(), storage.Query{Table: storage.Tasks, Limit: 1000}); err != nil || len(found) != len(recs) {
		t.Errorf("%d records, %v", len(found), err)
	}
}

// A gateway's answer, or half of one, does not say that a transaction was done.
func TestAnswerThatDoesNotTellOfEveryRecordIsNoSuccess(t *testing.T) {
	parts := "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--c--\r\n--b--\r\n"
	for _, c := range []struct {
		status int
		body   string
		want   error
	}{
		{http.StatusAccepted, parts, nil},
		{http.StatusAccepted, strings.Replace(parts, "204 No Content", "503 Server Busy", 1), fault.StorageUnavailable},
		{http.StatusAccepted, strings.Replace(parts, "HTTP/1.1 204 No Content\r\n", "", 1), fault.StorageUnavailable},
		{http.StatusAccepted, "", fault.StorageUnavailable},
		{http.StatusAccepted, "{}", fault.StorageUnavailable},
		{http.StatusAccepted, "<html>", fault.StorageUnavailable},
		{http.StatusAccepted, "\r\n", fault.StorageUnavailable},
		{http.StatusNoContent, "", fault.StorageUnavailable},
		{http.StatusNotFound, "", fault.StorageUnavailable},
		{http.StatusForbidden, `{"odata.error":{"code":"AuthorizationFailure"}}`, fault.StorageUnavailable},
	} {
		store, err := azure.Open(azure.Config{
			BlobURL: "https://a.blob.core.windows.net", TableURL: "https://a.table.core.windows.net", QueueURL: "https://a.queue.core.windows.net",
			Credential: &identity{}, Now: time.Now,
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: c.status, Body: io.NopCloser(bytes.NewBufferString(c.body)), Request: r, Header: http.Header{}}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := storage.CreateAll(t.Context(), store.Records, day(1))[0]; !errors.Is(err, c.want) {
			t.Errorf("%d %q: %v, want %v", c.status, c.body, err, c.want)
		}
	}
}
