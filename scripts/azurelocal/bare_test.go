package main

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// HTTP and the timer are the host's own: no extension is needed for them.
func TestTimerForgetsADocumentThatNobodyProcesses(t *testing.T) {
	s := startBare(t, map[string]string{
		"LETHE_RETAIN_PROCESSED": "30s", "LETHE_RETAIN_UNPROCESSED": "40s", "LETHE_RETAIN_MARGIN": "10s",
	}, nil)
	stamptest.Await(t, "the program is ready", func() bool { return s.Try(t, http.MethodGet, "/readyz", nil) == http.StatusOK })
	id := s.Submit(t, stamptest.Picture(t, 1))
	if s.copies(t, id) == 0 {
		t.Error("no copy is counted, so the next check says nothing")
	}
	stamptest.Await(t, "nothing is left", func() bool { return s.copies(t, id) == 0 })
	if status := s.Try(t, http.MethodGet, "/v1/tasks/"+id, nil); status != http.StatusGone {
		t.Errorf("the task is answered %d, want 410", status)
	}
}

// A stamp in the wrong place takes nothing in and still erases.
func TestWrongPlaceClosesIntakeAndNotRetention(t *testing.T) {
	s := startBare(t, map[string]string{"LETHE_REGION": "westeurope", "REGION_NAME": "North Europe", "LETHE_FULL_PASS_INTERVAL": "1m"}, nil)
	stamptest.Await(t, "intake is closed", func() bool {
		return s.Try(t, http.MethodGet, "/readyz", nil) == http.StatusServiceUnavailable &&
			s.Try(t, http.MethodPost, "/v1/tasks", nil) == http.StatusServiceUnavailable
	})
	const stray = "2026030112/nobody/knows/1"
	if _, err := s.blobs.UploadBuffer(t.Context(), "uploads", stray, []byte(stamptest.Canary), nil); err != nil {
		t.Fatal(err)
	}
	stamptest.Await(t, "the stray blob is erased", func() bool {
		_, err := s.blobs.ServiceClient().NewContainerClient("uploads").NewBlobClient(stray).GetProperties(t.Context(), nil)
		return err != nil
	})
}

// So does one whose settings cannot be read.
func TestWrongSettingClosesIntakeAndNotRetention(t *testing.T) {
	s := startBare(t, map[string]string{"LETHE_MAX_PAGES": "many"}, nil)
	stamptest.Await(t, "the program is not ready", func() bool {
		return s.Try(t, http.MethodGet, "/readyz", nil) == http.StatusServiceUnavailable
	})
	stamptest.Await(t, "sweeps go on", func() bool { return bytes.Count(s.Log(), []byte("sweep.done")) >= 3 })
}
