package aws_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task/erasuretest"
)

func TestErasureSurvivesEveryLostWrite(t *testing.T) {
	erasuretest.Run(t, func(t *testing.T) storagetest.Stores {
		store := opened(t, settings(t))
		return storagetest.Stores{Blobs: store.Blobs, Records: store.Records, Agenda: store.Records}
	})
}
