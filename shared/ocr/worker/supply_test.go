//go:build linux

package worker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

// store fills a document, whose file is junk until then.
type store struct {
	content []byte
	file    *os.File
	before  func(ctx context.Context) error // asked before each answer; may be nil

	mu    sync.Mutex
	asked [][2]int64 // offset and length; guarded by mu
}

func (s *store) Fill(ctx context.Context, offset, length int64) error {
	s.mu.Lock()
	s.asked = append(s.asked, [2]int64{offset, length})
	s.mu.Unlock()
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return err
		}
	}
	_, err := s.file.WriteAt(s.content[offset:offset+length], offset)
	return err
}

func (s *store) questions() [][2]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// stored returns a document of a size that begins with a command, and is filled when it is asked for.
func stored(t *testing.T, id, command string, size int) (ocr.Source, *store) {
	t.Helper()
	src := document(t, id, strings.Repeat("junk", size/4))
	if err := src.File.Truncate(int64(size)); err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte(id+"\n"), size)
	copy(content, command+"\n")
	s := &store{content: content[:size], file: src.File}
	src.Fill = s
	return src, s
}

func (s *store) digest() string {
	sum := sha256.Sum256(s.content)
	return hex.EncodeToString(sum[:])
}

func TestChildReadsWhatIsFilledWhenItAsks(t *testing.T) {
	p := newPool(t, "serve", nil)
	for _, piece := range []int{100, 32 << 10, 1 << 20} {
		src, s := stored(t, fmt.Sprint("a", piece), fmt.Sprint("digest ", piece), 300_000)
		for range 2 {
			page, err := p.Recognise(t.Context(), src, 1, options())
			if err != nil {
				t.Fatal(err)
			}
			if texts(page)[0] != s.digest() {
				t.Errorf("in pieces of %d it read another document: %v", piece, texts(page))
			}
		}
		seen := map[int64]bool{}
		for _, q := range s.questions() {
			for at := q[0]; at < q[0]+q[1]; at += 32 << 10 {
				if seen[at] {
					t.Errorf("in pieces of %d it asked twice for what is at %d", piece, at)
				}
				seen[at] = true
			}
		}
	}
}

// Files of one document that are filled by different callers are not taken for each other.
func TestFileOfAnotherCallIsOpenedAnew(t *testing.T) {
	p := newPool(t, "serve", nil)
	for range 3 {
		src, s := stored(t, "same", "digest 1000", 100_000)
		page, err := p.Recognise(t.Context(), src, 1, options())
		if err != nil {
			t.Fatal(err)
		}
		if texts(page)[0] != s.digest() {
			t.Error("it read another document")
		}
	}
}

func TestChildAsksWhilePagesCome(t *testing.T) {
	p := newPool(t, "serve", nil)
	src, s := stored(t, "a", "digest 1000", 1_000_000)
	pages := func(yield func(ocr.Page, error) bool) {
		for n := range 50 {
			if !yield(words(n+1, options(), strings.Repeat("word", 10_000)), nil) {
				return
			}
		}
	}
	for _, whole := range []ocr.Source{src, {ID: "parts", Parts: []ocr.Part{{File: src.File, Fill: s, Pages: 50}}}} {
		var out bytes.Buffer
		if _, err := p.WritePDF(t.Context(), whole, ocr.PDFOptions{}, iter.Seq2[ocr.Page, error](pages), &out); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), s.digest()); n != 50 {
			t.Errorf("it read the document %d times", n)
		}
	}
}

func TestQuestionsThatCannotBeEndTheChild(t *testing.T) {
	for _, role := range []string{
		"ask beyond", "ask across", "ask before", "ask nothing", "ask less", "ask overflow", "ask other file", "ask for ever", "ask half",
	} {
		t.Run(role, func(t *testing.T) {
			p := newPool(t, role, nil)
			src, s := stored(t, "a", "echo", 1_000_000)
			_, err := p.Recognise(t.Context(), src, 1, options())
			if !errors.Is(err, fault.PageFailed) {
				t.Errorf("got %v", err)
			}
			eventually(t, func() bool { return p.Stats().Ends[worker.Lied] == 2 })
			for _, q := range s.questions() {
				if q[0] < 0 || q[1] < 1 || q[0]+q[1] > 1_000_000 {
					t.Errorf("storage was asked for %d bytes from %d", q[1], q[0])
				}
			}
			if n := len(s.questions()); n > 2*(1_000_000/(32<<10)+1) {
				t.Errorf("storage was asked %d times", n)
			}
		})
	}
}

// askBadly asks for what no document has, or more than there is of one.
func askBadly(role string) {
	if !strings.HasPrefix(role, "ask ") {
		return
	}
	pool := os.NewFile(worker.Socket+1, "questions")
	ask := func(file uint32, offset, length uint64) {
		b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, file), offset), length)
		_, _ = pool.Write(b)
	}
	switch role {
	case "ask beyond":
		ask(0, 1_000_000, 1)
	case "ask across":
		ask(0, 999_999, 2)
	case "ask before":
		ask(0, math.MaxUint64, 1)
	case "ask nothing":
		ask(0, 0, 0)
	case "ask less":
		ask(0, 10, math.MaxUint64)
	case "ask overflow":
		ask(0, 1, math.MaxInt64)
	case "ask other file":
		ask(1, 0, 1)
	case "ask for ever":
		for {
			ask(0, 0, 1)
			_, _ = pool.Read(make([]byte, 1))
		}
	case "ask half":
		_, _ = pool.Write([]byte{0, 0, 0})
		_, _ = os.NewFile(worker.Socket, "pool").Write([]byte{0, 0, 0, 2, '{', '}'})
	}
	select {}
}

func TestChildDoesNotAskForWholeDocuments(t *testing.T) {
	p := newPool(t, "ask beyond", func(c *worker.Config) { c.Limits.Wall = time.Second })
	if _, err := p.Recognise(t.Context(), document(t, "a", "echo"), 1, options()); !errors.Is(err, fault.EngineStarved) {
		t.Errorf("got %v", err)
	}
}

func TestFaultOfStorageIsTheCalls(t *testing.T) {
	p := newPool(t, "serve", nil)
	for _, want := range []error{fault.StorageUnavailable, fault.ThingNotFound, fault.DocumentChanged} {
		src, s := stored(t, "a", "digest 1000", 100_000)
		s.before = func(context.Context) error { return fmt.Errorf("fill: %w", want) }
		if _, err := p.Recognise(t.Context(), src, 1, options()); !errors.Is(err, want) || len(s.questions()) != 1 {
			t.Errorf("got %v after %d questions, want %v after one", err, len(s.questions()), want)
		}
		if _, err := p.WritePDF(t.Context(), src, ocr.PDFOptions{}, none, io.Discard); !errors.Is(err, want) {
			t.Errorf("writing: got %v, want %v", err, want)
		}
		s.before = nil
		if page, err := p.Recognise(t.Context(), src, 1, options()); err != nil || texts(page)[0] != s.digest() {
			t.Errorf("once storage is back: %v", err)
		}
	}
	if n := p.Stats().Retries; n != 0 {
		t.Errorf("%d calls were made again", n)
	}
}

func none(func(ocr.Page, error) bool) {}

func TestWaitForStorageEnds(t *testing.T) {
	p := newPool(t, "serve", func(c *worker.Config) { c.Limits.Fill = 10 * time.Millisecond })
	src, s := stored(t, "a", "echo", 100_000)
	s.before = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	if _, err := p.Recognise(t.Context(), src, 1, options()); !errors.Is(err, fault.StorageUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestCancelledCallDoesNotWaitForStorage(t *testing.T) {
	p := newPool(t, "serve", nil)
	src, s := stored(t, "a", "echo", 100_000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := false
	s.before = func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}
	if _, err := p.Recognise(ctx, src, 1, options()); !errors.Is(err, context.Canceled) || !ended {
		t.Errorf("got %v; storage knows: %t", err, ended)
	}
}

// A page is not to blame for the time that storage takes.
func TestTimeOfStorageDoesNotCount(t *testing.T) {
	var hours, reads atomic.Int64
	p := newPool(t, "serve", func(c *worker.Config) {
		began := time.Now()
		c.Now = func() time.Time {
			reads.Add(1)
			return began.Add(time.Duration(hours.Load()) * time.Hour)
		}
	})
	src, s := stored(t, "a", "digest 32768", 100_000)
	s.before = func(context.Context) error {
		hours.Add(1)
		seen := reads.Load()
		eventually(t, func() bool { return reads.Load() > seen+3 }) // the child was measured meanwhile
		return nil
	}
	page, err := p.Recognise(t.Context(), src, 1, options())
	if err != nil {
		t.Fatal(err)
	}
	if texts(page)[0] != s.digest() {
		t.Error("it read another document")
	}
}
