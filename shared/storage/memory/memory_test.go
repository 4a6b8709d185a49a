package memory_test

import (
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storagetest.Stores {
		s := memory.New(time.Now)
		blobs := s.Blobs()
		return storagetest.Stores{
			Blobs: blobs, Records: s, Agenda: s,
			Stage: func(_ *testing.T, name string) { blobs.Stage(name, 10) },
		}
	})
}
