package storagetest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func stores() storagetest.Stores {
	s := memory.New(time.Now)
	return storagetest.Stores{Blobs: s.Blobs(), Records: s, Agenda: s}
}

func TestHealthyFaultyKeepsEveryRule(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storagetest.Stores {
		f := storagetest.NewFaulty(stores())
		return storagetest.Stores{Blobs: f.FaultyBlobs(), Records: f.FaultyRecords(), Agenda: f.FaultyAgenda()}
	})
}

const blobName = "uploads/h/a/1"

var recordKey = storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}

// writes are all the calls that change something, each with what it changes.
func writes(f *storagetest.Faulty) map[storagetest.Op]func(context.Context) error {
	return map[storagetest.Op]func(context.Context) error{
		storagetest.PutBlob: func(ctx context.Context) error {
			_, err := f.FaultyBlobs().Put(ctx, blobName, "text/plain", strings.NewReader("second"))
			return err
		},
		storagetest.DeleteBlob: func(ctx context.Context) error { return f.FaultyBlobs().Delete(ctx, blobName) },
		storagetest.PutRecord: func(ctx context.Context) error {
			rec, err := f.Records.Get(ctx, recordKey)
			if err != nil {
				return err
			}
			_, err = f.FaultyRecords().Put(ctx, rec)
			return err
		},
		storagetest.DeleteRecord: func(ctx context.Context) error { return f.FaultyRecords().Delete(ctx, recordKey, "") },
	}
}

// version tells what is stored: the ETags of the blob and the record, empty for what is not there.
func version(t *testing.T, s storagetest.Stores) string {
	t.Helper()
	blob, err := s.Blobs.Stat(t.Context(), blobName)
	if err != nil && !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	rec, err := s.Records.Get(t.Context(), recordKey)
	if err != nil && !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return blob.ETag + " " + rec.ETag
}

func TestFaultComesBeforeOrAfterTheEffect(t *testing.T) {
	injected := errors.New("injected")
	for op := range writes(storagetest.NewFaulty(stores())) {
		for when, effect := range map[string]bool{"before": false, "after": true} {
			t.Run(string(op)+" "+when, func(t *testing.T) {
				f := storagetest.NewFaulty(stores())
				if _, err := f.Blobs.Put(t.Context(), blobName, "text/plain", strings.NewReader("first")); err != nil {
					t.Fatal(err)
				}
				if _, err := f.Records.Put(t.Context(), storage.Record{Key: recordKey}); err != nil {
					t.Fatal(err)
				}
				var asked []storagetest.Op
				hook := func(op storagetest.Op, _ string) error {
					asked = append(asked, op)
					return injected
				}
				if effect {
					f.After(hook)
				} else {
					f.Before(hook)
				}
				was := version(t, f.Stores)
				if err := writes(f)[op](t.Context()); !errors.Is(err, injected) {
					t.Errorf("the call returned %v", err)
				}
				if changed := version(t, f.Stores) != was; changed != effect {
					t.Errorf("the call had an effect: %v, want %v", changed, effect)
				}
				if diff := cmp.Diff([]storagetest.Op{op}, asked); diff != "" || !op.Writes() {
					t.Errorf("the hook was asked about (-want +got):\n%s", diff)
				}
				f.Heal()
				if err := f.FaultyBlobs().Delete(t.Context(), blobName); err != nil {
					t.Errorf("healed: %v", err)
				}
			})
		}
	}
}
