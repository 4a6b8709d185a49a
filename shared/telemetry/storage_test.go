package telemetry_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// failing is a store that has nothing but an error.
type failing struct {
	storage.Blobs
	err error
}

// Stat implements storage.Blobs.
func (f failing) Stat(context.Context, string) (storage.Blob, error) { return storage.Blob{}, f.err }

func TestConformanceOfAStoreWhoseCallsAreCounted(t *testing.T) {
	t.Run("files", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Stores {
			s, err := local.Open(t.Context(), local.Config{Dir: t.TempDir(), Server: true, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			tel := newTelemetry(t)
			records := tel.Records(s.Records)
			return storagetest.Stores{Blobs: tel.Blobs(s.Blobs), Records: records, Agenda: records}
		})
	})
	t.Run("memory", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Stores {
			s, tel := memory.New(time.Now), newTelemetry(t)
			records := tel.Records(s)
			return storagetest.Stores{Blobs: tel.Blobs(s.Blobs()), Records: records, Agenda: records}
		})
	})
}

func TestCallsOfStorageAreCountedByOperationAndOutcome(t *testing.T) {
	tel := newTelemetry(t)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{nil, fault.New(fault.ThingNotFound, ""), fault.New(fault.StorageUnavailable, ""), errors.New("unclassified"), stopped.Err()} {
		_, _ = tel.Blobs(failing{err: err}).Stat(t.Context(), "uploads/x")
	}
	got := lines(t, tel)
	for _, outcome := range []string{"ok", "not-found", "unavailable", "internal", "cancelled"} {
		if n := got[`lethe_storage_call_seconds_count{operation="blob-stat",outcome="`+outcome+`"}`]; n != "1" {
			t.Errorf("%s: %q calls", outcome, n)
		}
	}
}

// The parts of a store that not every one has.
type (
	opens  struct{ storage.Blobs }
	keeps  struct{ storage.Blobs }
	stages struct{ storage.Blobs }
)

func (opens) Open(context.Context, string) (*os.File, storage.Blob, error) {
	return nil, storage.Blob{}, nil
}
func (keeps) Remnants(context.Context, string) (int, error)                { return 1, nil }
func (stages) Discard(context.Context, string, time.Time) (int, error)     { return 2, nil }
func (stages) Staged(context.Context, string) (written, open int, _ error) { return 3, 4, nil }

// What a store offers beside the port decides how erasure looks for copies: it must not be lost, nor made up.
func TestStoreStillOffersWhatItOffered(t *testing.T) {
	tel := newTelemetry(t)
	type (
		o struct{ opens }
		k struct{ keeps }
		s struct{ stages }
	)
	for name, store := range map[string]storage.Blobs{
		"nothing": failing{},
		"opens":   opens{}, "keeps": keeps{}, "stages": stages{},
		"opens and keeps": struct {
			storage.Blobs
			storage.Opener
			k
		}{Opener: opens{}},
		"opens and stages": struct {
			storage.Blobs
			storage.Opener
			s
		}{Opener: opens{}},
		"keeps and stages": struct {
			storage.Blobs
			k
			s
		}{},
		"all": struct {
			storage.Blobs
			o
			k
			s
		}{},
	} {
		counted := tel.Blobs(store)
		_, opened := store.(storage.Opener)
		_, opensStill := counted.(storage.Opener)
		_, kept := store.(storage.Remnants)
		r, keepsStill := counted.(storage.Remnants)
		_, staged := store.(storage.Staging)
		g, stagesStill := counted.(storage.Staging)
		if opened != opensStill || kept != keepsStill || staged != stagesStill {
			t.Errorf("%s: opens %v, keeps %v, stages %v", name, opensStill, keepsStill, stagesStill)
		}
		if keepsStill {
			if n, err := r.Remnants(t.Context(), ""); n != 1 || err != nil {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		}
		if stagesStill {
			if written, open, err := g.Staged(t.Context(), ""); written != 3 || open != 4 || err != nil {
				t.Errorf("%s: %d, %d, %v", name, written, open, err)
			}
			if n, err := g.Discard(t.Context(), "", time.Time{}); n != 2 || err != nil {
				t.Errorf("%s: %d, %v", name, n, err)
			}
		}
	}
}
