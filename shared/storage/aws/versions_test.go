package aws_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

// versioned is a store on a bucket that was given versions, against what the doctor says.
func versioned(t *testing.T) (*aws.Store, *wire, aws.Config) {
	t.Helper()
	store, w, cfg := wired(t)
	_, err := store.S3().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &cfg.Bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	return store, w, cfg
}

// remnants checks how many copies the store counts that List does not show.
func remnants(t *testing.T, store *aws.Store, prefix string, want int) {
	t.Helper()
	if n, err := store.Blobs.Remnants(t.Context(), prefix); err != nil || n != want {
		t.Errorf("%d remnants are counted, %v; want %d", n, err, want)
	}
}

func TestVersionsAreCountedAndGoWithTheirBlob(t *testing.T) {
	store, _, cfg := versioned(t)
	const name, neighbour = "results/2026030112/app/task/txt", "results/2026030112/app/task/txt2"
	for n := range 3 {
		for _, name := range []string{name, neighbour} {
			if _, err := store.Blobs.Put(t.Context(), name, "text/plain", strings.NewReader(fmt.Sprint("text ", n))); err != nil {
				t.Fatal(err)
			}
		}
	}
	remnants(t, store, "results/2026030112/", 4)
	// Somebody deletes it as one deletes where there are versions: List shows nothing, and everything is there.
	deleted := name
	if _, err := store.S3().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &cfg.Bucket, Key: &deleted}); err != nil {
		t.Fatal(err)
	}
	remnants(t, store, name, 6) // with the neighbour's, whose name begins so too
	for range 2 {
		if err := store.Blobs.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		remnants(t, store, name, 2)
	}
	if _, err := store.Blobs.Stat(t.Context(), neighbour); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	if err := store.Blobs.Delete(t.Context(), neighbour); err != nil {
		t.Fatal(err)
	}
	remnants(t, store, "results/", 0)
}

// A process that dies in the middle of a delete leaves a name that List still shows, so that the next one ends it.
func TestDeleteThatBreaksOffIsStillListed(t *testing.T) {
	store, w, _ := versioned(t)
	const name = "results/2026030112/app/task/txt"
	for broken := 1; ; broken++ {
		var newest storage.Blob
		for n := range 3 {
			var err error
			if newest, err = store.Blobs.Put(t.Context(), name, "text/plain", strings.NewReader(fmt.Sprint("text ", n))); err != nil {
				t.Fatal(err)
			}
		}
		seen := 0
		w.before = func(req *http.Request) error {
			if req.Method != http.MethodDelete {
				return nil
			}
			if seen++; seen >= broken {
				return errors.New("dead")
			}
			return nil
		}
		err := store.Blobs.Delete(t.Context(), name)
		w.before = nil
		if err == nil {
			if broken != 4 {
				t.Errorf("%d requests for 3 versions", broken-1)
			}
			break
		}
		if found, err := store.Blobs.List(t.Context(), "results/", "", 10); err != nil || len(found) != 1 {
			t.Errorf("after %d requests: listed %v, %v", broken-1, found, err)
		}
		// No earlier version comes to light either.
		if found, err := store.Blobs.Stat(t.Context(), name); err != nil || found.ETag != newest.ETag {
			t.Errorf("after %d requests: %+v, %v", broken-1, found, err)
		}
		if err := store.Blobs.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	remnants(t, store, "results/", 0)
}
