package local_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task/erasuretest"
)

func TestErasureSurvivesEveryLostWrite(t *testing.T) {
	erasuretest.Run(t, func(t *testing.T) storagetest.Stores {
		s := open(t, t.TempDir(), true)
		return storagetest.Stores{Blobs: s.Blobs, Records: s.Records, Agenda: s.Records}
	})
}
