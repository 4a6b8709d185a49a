package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

const upload = "uploads/2026112408/a/t/1"

// ranged is a store whose ranges a test watches.
type ranged struct {
	storage.Blobs

	mu    sync.Mutex
	asked [][2]int64                                                // offset and length of each range; guarded by mu
	then  func(ctx context.Context, call int) (cut bool, err error) // before each answer; cut leaves out its last byte
}

func (r *ranged) GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error) {
	r.mu.Lock()
	r.asked = append(r.asked, [2]int64{offset, length})
	call, then := len(r.asked), r.then
	r.mu.Unlock()
	cut := false
	if then != nil {
		var err error
		if cut, err = then(ctx, call); err != nil {
			return nil, err
		}
	}
	body, err := r.Blobs.GetRange(ctx, name, etag, offset, length)
	if cut && err == nil {
		body = storage.Head(body, length-1)
	}
	return body, err
}

func (r *ranged) ranges() [][2]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// uploaded returns a store that holds a document of random bytes.
func uploaded(t *testing.T, size int) (*ranged, storage.Blob, []byte) {
	t.Helper()
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	blobs := memory.New(time.Now).Blobs()
	b, err := blobs.Put(t.Context(), upload, "application/pdf", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return &ranged{Blobs: blobs}, b, content
}

func opened(t *testing.T, blobs storage.Blobs, etag string) *storage.Opened {
	t.Helper()
	o, err := storage.OpenRanges(t.Context(), blobs, upload, etag, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return o
}

// bytesOf reads from the file, where a range that was filled must be.
func bytesOf(t *testing.T, o *storage.Opened, offset, length int64) []byte {
	t.Helper()
	b := make([]byte, length)
	if _, err := o.File.ReadAt(b, offset); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRangesBringWhatIsAskedForAndLittleElse(t *testing.T) {
	blobs, b, content := uploaded(t, 50*storage.BlockSize+7)
	o := opened(t, blobs, b.ETag)
	if info, err := o.File.Stat(); err != nil || info.Size() != b.Size {
		t.Fatalf("the file has %d bytes, want %d (%v)", info.Size(), b.Size, err)
	}
	if len(blobs.ranges()) != 0 {
		t.Error("something was fetched before it was asked for")
	}
	const block = storage.BlockSize
	for _, c := range []struct{ offset, length int64 }{
		{20*block + 5, 100}, {0, 1}, {b.Size - 1, 1}, {30*block - 1, 2}, {b.Size - 3*block, block},
	} {
		if err := o.Ranges.Fill(t.Context(), c.offset, c.length); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(t, o, c.offset, c.length), content[c.offset:c.offset+c.length]) {
			t.Errorf("%d bytes from %d are not those of the document", c.length, c.offset)
		}
	}
	if got := o.Ranges.Fetched(); got.Requests != 5 || got.Bytes > 9*block {
		t.Errorf("took %+v", got)
	}
	if zeros := bytesOf(t, o, 10*block, block); !bytes.Equal(zeros, make([]byte, block)) {
		t.Error("bytes came that nobody asked for")
	}
}

func TestNeighbouringBlocksComeByOneRequest(t *testing.T) {
	blobs, b, _ := uploaded(t, 200*storage.BlockSize)
	o := opened(t, blobs, b.ETag)
	const block = storage.BlockSize
	for _, c := range [][2]int64{{50 * block, 1}, {40 * block, 20 * block}} {
		if err := o.Ranges.Fill(t.Context(), c[0], c[1]); err != nil {
			t.Fatal(err)
		}
	}
	want := [][2]int64{{50 * block, block}, {40 * block, 10 * block}, {51 * block, 20 * block}} // the last with as many ahead
	if got := fmt.Sprint(blobs.ranges()); got != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Who reads a document from its start to its end asks storage seldom, and a little at first.
func TestReadingOnAsksSeldom(t *testing.T) {
	const size = 8 << 20
	blobs, b, content := uploaded(t, size)
	o := opened(t, blobs, b.ETag)
	for at := int64(0); at < size; at += 4096 {
		if err := o.Ranges.Fill(t.Context(), at, 4096); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(bytesOf(t, o, 0, size), content) {
		t.Error("it is not the document")
	}
	if got := o.Ranges.Fetched(); got.Requests > size/storage.MaxAhead+8 || got.Bytes != size {
		t.Errorf("took %+v", got)
	}
}

func TestBlockIsFetchedOnceHoweverManyAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blobs, b, content := uploaded(t, 64*storage.BlockSize)
		blobs.then = func(context.Context, int) (bool, error) { time.Sleep(time.Second); return false, nil }
		o := opened(t, blobs, b.ETag)
		defer func() { _ = o.Close() }()
		var all sync.WaitGroup
		for i := range 32 {
			all.Go(func() {
				at := int64(i%8) * 3 * storage.BlockSize
				if err := o.Ranges.Fill(t.Context(), at, 9*storage.BlockSize); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(bytesOf(t, o, at, 9*storage.BlockSize), content[at:at+9*storage.BlockSize]) {
					t.Error("it is not the document")
				}
			})
		}
		all.Wait()
		seen := map[int64]bool{}
		for _, r := range blobs.ranges() {
			for at := r[0]; at < r[0]+r[1]; at += storage.BlockSize {
				if seen[at] {
					t.Errorf("the block at %d was fetched twice", at)
				}
				seen[at] = true
			}
		}
	})
}

func TestTransientFaultsAreTriedAgainButNotForEver(t *testing.T) {
	away := fault.New(fault.StorageUnavailable, "away")
	for name, c := range map[string]struct {
		then  func(ctx context.Context, call int) (bool, error)
		tries int
		want  error
	}{
		"away once":      {func(_ context.Context, n int) (bool, error) { return false, first(n, away) }, 2, nil},
		"cut off once":   {func(_ context.Context, n int) (bool, error) { return n == 1, nil }, 2, nil},
		"away for good":  {func(context.Context, int) (bool, error) { return false, away }, storage.FetchTries, fault.StorageUnavailable},
		"cut off always": {func(context.Context, int) (bool, error) { return true, nil }, storage.FetchTries, fault.StorageUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				blobs, b, content := uploaded(t, 64*storage.BlockSize)
				blobs.then = c.then
				o := opened(t, blobs, b.ETag)
				defer func() { _ = o.Close() }()
				err := o.Ranges.Fill(t.Context(), 0, 4*storage.BlockSize)
				if !errors.Is(err, c.want) || len(blobs.ranges()) != c.tries {
					t.Errorf("got %v after %d requests", err, len(blobs.ranges()))
				}
				blobs.mu.Lock()
				blobs.then = nil
				blobs.mu.Unlock()
				if err := o.Ranges.Fill(t.Context(), 0, 4*storage.BlockSize); err != nil {
					t.Fatalf("once storage is back: %v", err)
				}
				if !bytes.Equal(bytesOf(t, o, 0, 4*storage.BlockSize), content[:4*storage.BlockSize]) {
					t.Error("it is not the document")
				}
			})
		})
	}
}

func first(n int, err error) error {
	if n == 1 {
		return err
	}
	return nil
}

func TestFetchThatNobodyWaitsForEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blobs, b, _ := uploaded(t, 64*storage.BlockSize)
		ended := 0
		blobs.then = func(ctx context.Context, call int) (bool, error) {
			if call > 1 {
				return false, nil
			}
			<-ctx.Done()
			ended++
			return false, context.Cause(ctx)
		}
		o := opened(t, blobs, b.ETag)
		defer func() { _ = o.Close() }()
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		waited := make(chan error, 1)
		go func() { waited <- o.Ranges.Fill(ctx, 0, 1) }()
		synctest.Wait()
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) || time.Since(began) != 0 {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		synctest.Wait()
		if ended != 1 {
			t.Error("the request goes on")
		}
		if err := o.Ranges.Fill(t.Context(), 0, 1); err != nil {
			t.Errorf("who asks later gets %v", err)
		}
	})
}

// One who gives up does not take the range from another who waits for it.
func TestFetchGoesOnForWhoStillWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blobs, b, _ := uploaded(t, 64*storage.BlockSize)
		blobs.then = func(context.Context, int) (bool, error) { time.Sleep(time.Second); return false, nil }
		o := opened(t, blobs, b.ETag)
		defer func() { _ = o.Close() }()
		ctx, cancel := context.WithCancel(t.Context())
		var waits sync.WaitGroup
		waits.Go(func() { _ = o.Ranges.Fill(ctx, 0, 1) })
		waits.Go(func() {
			if err := o.Ranges.Fill(t.Context(), 0, 1); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		cancel()
		waits.Wait()
		if n := len(blobs.ranges()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestClosingEndsFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blobs, b, _ := uploaded(t, 64*storage.BlockSize)
		blobs.then = func(ctx context.Context, _ int) (bool, error) { <-ctx.Done(); return false, context.Cause(ctx) }
		o := opened(t, blobs, b.ETag)
		waited := make(chan error, 1)
		go func() { waited <- o.Ranges.Fill(t.Context(), 0, 1) }()
		synctest.Wait()
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		if err := <-waited; err == nil {
			t.Error("nothing said that the bytes are not there")
		}
		if err := o.Ranges.Fill(t.Context(), 0, 1); err == nil {
			t.Error("a closed document was filled")
		}
	})
}

func TestRangesOutsideAreRefused(t *testing.T) {
	blobs, b, _ := uploaded(t, 64*storage.BlockSize)
	o := opened(t, blobs, b.ETag)
	for _, c := range [][2]int64{
		{-1, 1}, {0, 0}, {0, -1}, {b.Size, 1}, {0, b.Size + 1}, {1, math.MaxInt64}, {math.MaxInt64, 1}, {math.MinInt64, math.MaxInt64}, {0, math.MinInt64},
	} {
		if err := o.Ranges.Fill(t.Context(), c[0], c[1]); !errors.Is(err, fault.BadField) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if len(blobs.ranges()) != 0 {
		t.Error("storage was asked")
	}
}
