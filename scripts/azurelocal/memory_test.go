package main

import (
	"net/http"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// A document of nearly the largest size is read with a handler and a host that hardly grow: neither holds the bytes. They
// are once in a sealed memory file, whose size is the document's and whose limit is that of documents.
func TestLargestUploadGrowsNeitherHandlerNorHost(t *testing.T) {
	const size, bound = 199 << 20, 48 << 20
	s := startStamp(t, nil, nil)
	small := s.Submit(t, stamptest.Picture(t, 1))
	s.AwaitState(t, small, "Completed")

	handler := s.Handler()
	peaks := stamptest.Peaks{"handler": handler, "host": stamptest.StatusField(t, handler, "PPid")}
	before := peaks.Reset(t)
	id := s.Submit(t, stamptest.Padded(size))
	s.AwaitState(t, id, "Completed")
	if s.Handler() != handler {
		t.Fatal("another handler runs: the first one died")
	}
	peaks.Compare(t, before, bound)
	if status := s.Try(t, http.MethodDelete, "/v1/tasks/"+id, nil); status != http.StatusOK && status != http.StatusAccepted {
		t.Errorf("delete: %d", status)
	}
}
