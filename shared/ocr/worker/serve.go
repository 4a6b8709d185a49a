//go:build linux

package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"os/signal"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// Socket is the descriptor on which a child finds its pool. The next one is for its questions.
const Socket = 3

// Exit statuses of a child.
const (
	exitTime     = 75 // it used up its processor time
	exitUnusable = 66 // it found no language data that it can use
)

// ExitStatus is what a child ends with because of an error that it met before it served.
func ExitStatus(err error) int {
	if _, ok := errors.AsType[*traineddata.Error](err); ok {
		return exitUnusable
	}
	return 1
}

// Deriver makes derivatives in two steps, which happen in different processes.
type Deriver interface {
	// Survey finds what a derivative takes over from page n, counted from 1.
	Survey(ctx context.Context, src ocr.Source, n int) (derivative.Page, error)
	// Derive writes a derivative.
	Derive(ctx context.Context, plan derivative.Plan, w io.Writer) error
}

// Engine is what a child serves: an ocr.Engine that may keep the last document open between calls.
type Engine interface {
	ocr.Engine
	// Open opens a document, as every call does that reads it.
	Open(ctx context.Context, src ocr.Source) error
	// Draw makes page n ready for a call of Recognise that follows with the same options: it decodes or rasterises it.
	Draw(ctx context.Context, src ocr.Source, n int, opt ocr.Options) error
	Deriver
	// Load makes the engine ready for each of the languages by itself. It fails if one cannot be used.
	Load(ctx context.Context, languages []string) error
	// Release lets go of the document and of memory that it took. The source's file is closed after it.
	Release()
}

// Serve answers the pool on a socket until the pool closes it, which is not an error. The process should end then: a call
// of the engine may still be running. The caller confines the process before it makes the engine.
func Serve(ctx context.Context, socket int, engine Engine, confined Sandbox) error {
	conn, err := unixConn(os.NewFile(uintptr(socket), "pool")) // #nosec G115 -- a descriptor
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()                               // the pool sees the process end either way
	questions, err := unixConn(os.NewFile(uintptr(socket+1), "pool")) // #nosec G115 -- a descriptor
	if err != nil {
		return err
	}
	defer func() { _ = questions.Close() }() // likewise
	endOnSignal(unix.SIGXCPU)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{conn: conn, questions: questions, engine: engine, frames: make(chan frame)}
	go s.read(ctx)
	if err := send(s.conn, hello{Languages: engine.Languages(), Sandbox: confined}); err != nil {
		return err
	}
	return s.serve(ctx)
}

// endOnSignal ends the process at the soft limit of processor time, whose signal the Go runtime ignores by default.
func endOnSignal(sig os.Signal) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	go func() {
		<-c
		os.Exit(exitTime)
	}()
}

type frame struct {
	body  []byte
	files []*os.File
	err   error
}

type server struct {
	conn      *net.UnixConn
	questions *net.UnixConn
	engine    Engine
	frames    chan frame
	source    ocr.Source // open, or the zero value
}

// read takes in frames ahead, so that the end of the pool is noticed while the engine works.
func (s *server) read(ctx context.Context) {
	for {
		var f frame
		f.body, f.files, f.err = receiveFiles(s.conn)
		select {
		case s.frames <- f:
		case <-ctx.Done():
			closeAll(f.files)
			return
		}
		if f.err != nil {
			return
		}
	}
}

func (s *server) serve(ctx context.Context) error {
	for {
		f := <-s.frames
		if errors.Is(f.err, io.EOF) {
			return nil
		}
		if f.err != nil {
			return fmt.Errorf("read request: %w", f.err)
		}
		resp, err := s.handle(ctx, f)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := send(s.conn, resp); err != nil {
			return err
		}
	}
}

// handle returns an error when the connection cannot go on.
func (s *server) handle(ctx context.Context, f frame) (response, error) {
	var req request
	// The pool is trusted; limits on elements are for the other direction.
	if err := json.Unmarshal(f.body, &req); err != nil {
		closeAll(f.files)
		return response{}, fmt.Errorf("read request: %w", err)
	}
	if len(f.files) != req.descriptors() {
		closeAll(f.files)
		return response{}, errors.New("read request: wrong number of descriptors")
	}
	if req.Op == opRelease {
		s.release()
		debug.FreeOSMemory()
		return response{}, nil
	}
	if req.Op == opLoad {
		return s.await(ctx, func() response { return answer(s.engine.Load(ctx, req.Options.Languages), response{}) })
	}
	if len(f.files) == 0 {
		// The rest of a page stream that ended in an error: the pool is about to end this process.
		return response{}, errors.New("read request: unknown operation")
	}
	if req.Op == opDerive {
		return s.derive(ctx, req.Plan, f.files[0])
	}
	if len(req.Parts) > 0 {
		return s.writeParts(ctx, req, f.files)
	}
	if err := s.open(req, f.files[0]); err != nil {
		closeAll(f.files)
		return response{}, err
	}
	if req.Op == opWritePDF {
		return s.writePDF(ctx, s.source, req.PDF, f.files[1])
	}
	return s.await(ctx, func() response {
		switch req.Op {
		case opOpen:
			return answer(s.engine.Open(ctx, s.source), response{})
		case opInspect:
			info, err := s.engine.Inspect(ctx, s.source)
			return answer(err, response{Info: &info})
		case opDraw:
			return answer(s.engine.Draw(ctx, s.source, req.Page, req.Options), response{})
		case opSurvey:
			page, err := s.engine.Survey(ctx, s.source, req.Page)
			return answer(err, response{Survey: &page})
		default:
			page, err := s.engine.Recognise(ctx, s.source, req.Page, req.Options)
			return answer(err, response{Page: &page})
		}
	})
}

// await runs one call of the engine and gives up on it when the pool has gone.
func (s *server) await(ctx context.Context, call func() response) (response, error) {
	done := make(chan response, 1)
	go func() { done <- call() }()
	select {
	case r := <-done:
		return r, nil
	case f := <-s.frames:
		closeAll(f.files)
		if f.err == nil {
			f.err = errors.New("read request: another one while the first is worked on")
		}
		return response{}, f.err
	case <-ctx.Done():
		return response{}, ctx.Err()
	}
}

// open makes the request's document the current one. A document that is open already is kept, and file is closed.
func (s *server) open(req request, file *os.File) error {
	if s.source.File != nil && req.ID != "" && s.source.ID == req.ID {
		_ = file.Close() // a duplicate for reading
		return nil
	}
	s.release()
	fill, err := s.filler(req.Sparse, 0, file)
	if err != nil {
		return err
	}
	s.source = ocr.Source{File: file, Fill: fill, ID: req.ID, Password: req.Password}
	return nil
}

// filler returns what fills a file of the document, nil for one that is whole.
func (s *server) filler(sparse bool, number int, file *os.File) (ocr.Filler, error) {
	if !sparse {
		return nil, nil
	}
	return newAsker(s.questions, number, file)
}

func (s *server) release() {
	if s.source.File == nil {
		return
	}
	s.engine.Release()
	_ = s.source.File.Close() // opened for reading
	s.source = ocr.Source{}
}

var errStream = errors.New("page stream ended early")

// writePDF takes pages from the connection while the engine asks for them, and writes to the pipe.
func (s *server) writePDF(ctx context.Context, src ocr.Source, opt ocr.PDFOptions, pipe *os.File) (response, error) {
	ended := false
	pages := s.pages(ctx, &ended)
	notes, err := s.engine.WritePDF(ctx, src, opt, pages, pipe)
	closeErr := pipe.Close()
	if err == nil {
		err = closeErr
	}
	// After an error the pool ends this process. After success the connection must be left between two requests.
	for err == nil && !ended {
		for _, err = range pages {
			if err != nil {
				return response{}, err
			}
		}
	}
	return answer(err, response{Notes: notes}), nil
}

// writeParts is writePDF of a document of several files. Nothing stays open after it.
func (s *server) writeParts(ctx context.Context, req request, files []*os.File) (response, error) {
	s.release()
	defer closeAll(files[:len(req.Parts)])
	defer s.engine.Release()
	src := ocr.Source{ID: req.ID}
	for i, p := range req.Parts {
		fill, err := s.filler(p.Sparse, i, files[i])
		if err != nil {
			closeAll(files[len(req.Parts):])
			return response{}, err
		}
		src.Parts = append(src.Parts, ocr.Part{File: files[i], Fill: fill, Password: p.Password, Pages: p.Pages, Locked: p.Locked})
	}
	return s.writePDF(ctx, src, req.PDF, files[len(req.Parts)])
}

// derive writes to the pipe what a plan says. No document is open for it.
func (s *server) derive(ctx context.Context, plan *derivative.Plan, pipe *os.File) (response, error) {
	if plan == nil {
		_ = pipe.Close() // nothing was written
		return response{}, errors.New("read request: no plan")
	}
	return s.await(ctx, func() response {
		err := s.engine.Derive(ctx, *plan, pipe)
		if closeErr := pipe.Close(); err == nil {
			err = closeErr
		}
		return answer(err, response{})
	})
}

// pages yields what comes until the end of the stream, which sets ended.
func (s *server) pages(ctx context.Context, ended *bool) iter.Seq2[ocr.Page, error] {
	return func(yield func(ocr.Page, error) bool) {
		for {
			var f frame
			select {
			case f = <-s.frames:
			case <-ctx.Done():
				f.err = ctx.Err()
			}
			closeAll(f.files)
			var it item
			if f.err == nil {
				f.err = json.Unmarshal(f.body, &it)
			}
			if f.err == nil && !it.End && it.Page == nil {
				f.err = errStream
			}
			if f.err != nil {
				yield(ocr.Page{}, f.err)
				return
			}
			if it.End {
				*ended = true
				return
			}
			if !yield(*it.Page, nil) {
				return
			}
		}
	}
}

// answer reduces an engine's error to what the pool takes, or is what the engine found. What is no refusal is the engine's
// failure.
func answer(err error, found response) response {
	if err == nil {
		return found
	}
	if e, ok := errors.AsType[*refusal.Error](err); ok {
		return response{Refusal: e}
	}
	failed := response{Failed: true}
	if e, ok := errors.AsType[*traineddata.Error](err); ok {
		failed.Unusable = e.Languages
	}
	return failed
}
