package aws_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task/erasuretest"
)

func TestSweepsAndFullPassesCostByWhatTheyGoThrough(t *testing.T) {
	m := &meter{}
	erasuretest.Scale(t, func(t *testing.T) storagetest.Stores {
		cfg := settings(t)
		cfg.HTTP = m
		store := opened(t, cfg)
		return storagetest.Stores{Blobs: store.Blobs, Records: store.Records, Agenda: store.Records}
	}, func(t *testing.T, call func() error) (requests, bytes int64) {
		t.Helper()
		return m.measure(t, call)
	})
}
