package memory_test

import (
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task/erasuretest"
)

func TestErasureSurvivesEveryLostWrite(t *testing.T) {
	erasuretest.Run(t, func(*testing.T) storagetest.Stores {
		s := memory.New(time.Now)
		return storagetest.Stores{Blobs: s.Blobs(), Records: s, Agenda: s}
	})
}
