//go:build linux

package worker_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/workertest"
)

// The test binary plays the child, and once a parent, when it is executed with this variable.
const roleVariable = "LETHE_TEST_ROLE"

// What a child is told: the folder that it may read, what its kernel lacks, whether system calls of 32 bits can be made here, and the
// file that stands for its language data.
const (
	readVariable    = "LETHE_TEST_READ"
	lacksVariable   = "LETHE_TEST_LACKS"
	calls32Variable = "LETHE_TEST_CALLS32"
	dataVariable    = "TEST_WORKER_LANGUAGE_DATA"
)

func lacking(names string) []workertest.Mechanism {
	var list []workertest.Mechanism
	for name := range strings.SplitSeq(names, ",") {
		list = append(list, workertest.Mechanism(name))
	}
	return list
}

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "serve":
		if lacks := os.Getenv(lacksVariable); lacks != "" {
			if err := workertest.Lack(lacking(lacks)...); err != nil {
				panic(err)
			}
		}
		if languageData() == "" {
			os.Exit(worker.ExitStatus(traineddata.Unusable(errors.New("no language data"))))
		}
		err := worker.Serve(context.Background(), worker.Socket, &fakeEngine{}, worker.Confine(0, os.Getenv(readVariable)))
		if err != nil {
			os.Exit(1)
		}
	case "parent":
		beParent()
	case caller32:
		beCaller32()
	case "silent":
		select {}
	case "noisy":
		fmt.Fprint(os.Stderr, "cannot load the library")
		os.Exit(3)
	default:
		lie(role)
	}
}

// fakeEngine does what the first line of a document says.
type fakeEngine struct {
	opened string // id of the open document
	opens  int
	calls  int // of Recognise
	hoard  [][]byte
	loaded map[string]bool
}

func (e *fakeEngine) command(src ocr.Source) string {
	if e.opened != src.ID || src.ID == "" {
		e.opened = src.ID
		e.opens++
	}
	line, _, _ := bufio.NewReader(content(src)).ReadLine()
	return string(line)
}

func content(src ocr.Source) *io.SectionReader {
	info, err := src.File.Stat()
	if err != nil {
		panic(err)
	}
	return src.Content(context.Background(), info.Size())
}

func (e *fakeEngine) Open(_ context.Context, src ocr.Source) error {
	switch e.command(src) {
	case "damaged":
		return refusal.New(refusal.PDFDamaged)
	case "crash":
		crash()
	}
	return nil
}

func (e *fakeEngine) Release() { e.opened, e.opens = "", 0 }

func (e *fakeEngine) Languages() []string {
	return strings.Fields(strings.ReplaceAll(languageData(), "/", ""))
}

// languageData says what is in the file that stands for the language data: names of languages, each followed by a stroke
// if it cannot be loaded, and by two if the process ends over it.
func languageData() string {
	content, err := os.ReadFile(os.Getenv(dataVariable))
	if err != nil {
		return "deu eng"
	}
	return string(content)
}

func (e *fakeEngine) Load(_ context.Context, languages []string) error {
	data := strings.Fields(languageData())
	for _, l := range languages {
		switch {
		case e.loaded[l]:
		case slices.Contains(data, l+"//"):
			crash()
		case slices.Contains(data, l+"/"):
			return traineddata.Unusable(errors.New("secret content"), l)
		}
		if e.loaded == nil {
			e.loaded = map[string]bool{}
		}
		e.loaded[l] = true
	}
	return nil
}

func (e *fakeEngine) Inspect(_ context.Context, src ocr.Source) (ocr.Info, error) {
	command := e.command(src)
	if said, ok := strings.CutPrefix(command, "refuse "); ok {
		var refused refusal.Error
		if err := json.Unmarshal([]byte(said), &refused); err != nil {
			return ocr.Info{}, err
		}
		return ocr.Info{}, &refused
	}
	switch command {
	case "damaged":
		return ocr.Info{}, refusal.New(refusal.PDFDamaged)
	case "crash":
		crash()
	}
	return ocr.Info{Type: "application/pdf", Pages: 3}, nil
}

func (e *fakeEngine) Draw(_ context.Context, src ocr.Source, _ int, _ ocr.Options) error {
	switch e.command(src) {
	case "spin-drawing":
		for {
			runtime.Gosched()
		}
	case "damaged-drawing":
		return refusal.New(refusal.PageDamaged)
	}
	return nil
}

func (e *fakeEngine) Recognise(ctx context.Context, src ocr.Source, n int, opt ocr.Options) (ocr.Page, error) {
	command := e.command(src)
	e.calls++
	if err := e.Load(ctx, opt.Languages); err != nil {
		return ocr.Page{}, err
	}
	name, arg, _ := strings.Cut(command, " ")
	switch name {
	case "crash":
		crash()
	case "crash-used":
		if e.calls > 1 {
			crash()
		}
	case "panic":
		panic("secret content")
	case "unclassified":
		return ocr.Page{}, errors.New("secret content")
	case "hang":
		select {}
	case "spin":
		for {
			runtime.Gosched()
		}
	case "nap": // so many milliseconds, without using the processor
		n, _ := strconv.Atoi(arg)
		time.Sleep(time.Duration(n) * time.Millisecond)
	case "work": // so many milliseconds of processor time
		work(arg)
	case "fat": // with so many MiB
		mib, rest, _ := strings.Cut(arg, " ")
		if err := hold(mib); err != nil {
			return ocr.Page{}, err
		}
		work(rest)
	case "eat":
		e.eat(1 << 40)
	case "eat-used":
		if e.calls > 1 {
			e.eat(1 << 40)
		}
	case "hold":
		if err := hold(arg); err != nil {
			return ocr.Page{}, err
		}
	case "spam":
		for range 1000 {
			fmt.Fprintln(os.Stderr, strings.Repeat("secret ", 100))
		}
	case "write":
		_, err := src.File.WriteAt([]byte("changed"), 0)
		return words(n, opt, fmt.Sprint(err != nil)), nil
	case "environment":
		return words(n, opt, strings.Join(os.Environ(), ";")), nil
	case "digest": // of the whole document, read in pieces of so many bytes
		return words(n, opt, digest(content(src), arg), fmt.Sprintf("opens=%d", e.opens)), nil
	case "escape":
		return words(n, opt, escape(src.File, arg)...), nil
	}
	return words(n, opt, fmt.Sprintf("pid=%d", os.Getpid()), fmt.Sprintf("opens=%d", e.opens), "command="+name), nil
}

func (e *fakeEngine) WritePDF(
	_ context.Context, src ocr.Source, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer,
) ([]ocr.Note, error) {
	if len(src.Parts) > 0 {
		src = ocr.Source{File: src.Parts[0].File, Fill: src.Parts[0].Fill}
		defer e.Release()
	}
	command := e.command(src)
	n := 0
	for page, err := range pages {
		if size, ok := strings.CutPrefix(command, "digest "); ok && err == nil {
			if _, err := fmt.Fprintln(w, digest(content(src), size)); err != nil {
				return nil, err
			}
		}
		if err != nil {
			return nil, err
		}
		n++
		if _, err := fmt.Fprintf(w, "page %d\n", page.Number); err != nil {
			return nil, err
		}
		if n == 2 {
			switch command {
			case "crash":
				crash()
			case "hang":
				select {}
			case "damaged":
				return nil, refusal.New(refusal.PDFUncopyable)
			}
		}
		if command == "early" && n == 2 {
			return nil, nil
		}
		if command == "flood" {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return nil, err
				}
			}
		}
	}
	_, err := fmt.Fprintln(w, "end")
	switch {
	case command == "made-up note":
		return []ocr.Note{{Code: "made_up"}}, err
	case opt.KeepHidden:
		return []ocr.Note{{Code: ocr.HiddenTextKept, Page: 2, Count: 7}}, err
	}
	return nil, err
}
