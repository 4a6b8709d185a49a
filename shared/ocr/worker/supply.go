//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// supplied is a file of a document as a child may have it filled.
type supplied struct {
	fill ocr.Filler // nil for one that is whole
	size int64
	left int64 // questions
}

// supplies returns the files of a document, nil if all of them are whole, and the ID by which a child may keep it open: a file that
// is filled is of one call of the pool's user alone, and another of the same document is not filled with it.
func supplies(src ocr.Source) ([]supplied, string, error) {
	parts := src.Parts
	if len(parts) == 0 {
		parts = []ocr.Part{{File: src.File, Fill: src.Fill}}
	}
	var files []supplied
	id, some := src.ID, false
	for _, p := range parts {
		if p.Fill == nil {
			files = append(files, supplied{})
			continue
		}
		stat, err := statOf(p.File)
		if err != nil {
			return nil, "", fault.Wrap(err, fault.InternalError, "")
		}
		files, some = append(files, supplied{fill: p.Fill, size: stat.Size}), true
		if id != "" {
			id += fmt.Sprintf(" %d:%d", stat.Dev, stat.Ino) // a number is not given anew while a child has the file
		}
	}
	if !some {
		return nil, src.ID, nil
	}
	return files, id, nil
}

func statOf(f *os.File) (stat unix.Stat_t, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return stat, err
	}
	var statErr error
	err = raw.Control(func(fd uintptr) { statErr = unix.Fstat(int(fd), &stat) }) // #nosec G115 -- a descriptor
	return stat, errors.Join(err, statErr)
}

// unfilled is why a call ended: the child could not have what it was to read.
type unfilled struct{ cause error }

func (u *unfilled) Error() string { return "document is not filled: " + u.cause.Error() }
func (u *unfilled) Unwrap() error { return u.cause }

// supply answers the questions of a child during one request. A child that asks for what its document does not have, or more
// often than there is something to ask for, is killed; so is one for which storage has no answer, since what it would read
// then is not the document. While it waits for storage no limit of time runs but that of the wait itself.
type supply struct {
	c      *child
	guard  *guard
	files  []supplied
	cancel context.CancelFunc
	done   chan struct{}
	err    error // of the one that ended it; owned by run until done is closed
}

// supply begins to answer. The caller stops it.
func (g *guard) supply(ctx context.Context, files []supplied) *supply {
	s := &supply{c: g.c, guard: g, done: make(chan struct{})}
	if len(files) == 0 {
		s.cancel = func() {}
		close(s.done)
		return s
	}
	for _, f := range files {
		f.left = units(f.size)
		s.files = append(s.files, f)
	}
	ctx, s.cancel = context.WithCancel(ctx)
	_ = s.c.questions.SetReadDeadline(time.Time{}) // an error shows when it is read
	go func() {
		defer close(s.done)
		s.err = s.run(ctx)
	}()
	return s
}

// stop ends answering. The error is why the child was killed.
func (s *supply) stop() error {
	s.cancel()
	_ = s.c.questions.SetReadDeadline(time.Unix(1, 0)) // likewise
	<-s.done
	return s.err
}

func (s *supply) run(ctx context.Context) error {
	for {
		var b [questionSize]byte
		if n, err := io.ReadFull(s.c.questions, b[:]); err != nil {
			if ctx.Err() != nil && (n > 0 || s.begun()) {
				s.c.kill(Lied) // the rest of a question would begin the next one
			}
			return nil
		}
		q := parseQuestion(b)
		if !s.allows(q) {
			s.c.kill(Lied)
			return nil
		}
		if err := s.fill(ctx, s.files[q.file].fill, q); err != nil {
			if ctx.Err() != nil {
				return nil // the call or the child ended
			}
			s.c.kill(Unfilled)
			return &unfilled{err}
		}
		if _, err := s.c.questions.Write([]byte{filled}); err != nil {
			return nil // the child has ended
		}
	}
}

// begun reports whether a part of a question lies unread.
func (s *supply) begun() bool {
	raw, err := s.c.questions.SyscallConn()
	if err != nil {
		return false // it is closed
	}
	var b [questionSize]byte
	n := 0
	err = raw.Control(func(fd uintptr) {
		n, _, _ = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT) // nothing there is no answer either
	})
	return err == nil && n > 0 && n < questionSize
}

// allows checks a question, and counts it.
func (s *supply) allows(q question) bool {
	if int64(q.file) >= int64(len(s.files)) {
		return false
	}
	f := &s.files[q.file]
	f.left--
	return f.fill != nil && f.left >= 0 && q.offset >= 0 && q.length >= 1 && q.offset <= f.size-q.length
}

func (s *supply) fill(ctx context.Context, from ocr.Filler, q question) error {
	ctx, cancel := context.WithTimeout(ctx, s.c.limits.Fill)
	defer cancel()
	s.guard.pause()
	defer s.guard.resume()
	err := from.Fill(ctx, q.offset, q.length)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.Wrap(err, fault.StorageUnavailable, "Storage did not send a part of the document within %s; try again later.", s.c.limits.Fill)
	}
	return err
}
