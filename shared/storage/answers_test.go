package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Texts of SDKs hold addresses with signatures and names.
func TestUnansweredKeepsNothingOfAText(t *testing.T) {
	known := errors.New("known")
	for want, err := range map[string]error{
		"context canceled":                     fmt.Errorf("GET https://planted: %w", context.Canceled),
		"known":                                fmt.Errorf("planted: %w", known),
		"call failed with *errors.errorString": fmt.Errorf("planted: %w", errors.New("planted")),
	} {
		got := storage.Unanswered(err, known)
		if cause := errors.Unwrap(got); !errors.Is(got, fault.StorageUnavailable) || cause == nil || cause.Error() != want {
			t.Errorf("%v: %v, caused by %v", err, got, cause)
		}
	}
}
