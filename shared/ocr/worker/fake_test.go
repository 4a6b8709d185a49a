//go:build linux

package worker_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// digest reads in pieces of a size.
func digest(r io.Reader, size string) string {
	n, _ := strconv.Atoi(size)
	hash := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{hash}, struct{ io.Reader }{r}, make([]byte, n)); err != nil {
		return err.Error()
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func crash() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// hold takes so many MiB. They are not touched here: the race detector would take as much again.
func hold(mib string) error {
	n, _ := strconv.Atoi(mib)
	_, err := unix.Mmap(-1, 0, n<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_POPULATE)
	return err
}

// work uses so many milliseconds of processor time.
func work(milliseconds string) {
	n, _ := strconv.Atoi(milliseconds)
	processor := func() time.Duration {
		var used unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &used)
		return time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	for began := processor(); processor()-began < time.Duration(n)*time.Millisecond; {
		runtime.Gosched()
	}
}

func (e *fakeEngine) eat(bytes int) {
	const step = 4 << 20
	for range bytes / step {
		b := make([]byte, step)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		e.hoard = append(e.hoard, b)
	}
}

func words(n int, opt ocr.Options, texts ...string) ocr.Page {
	var list []ocr.Word
	for i, t := range texts {
		list = append(list, ocr.Word{Text: t, Box: ocr.Box{X0: i, Y0: 0, X1: i + 1, Y1: 10}, Confidence: 90})
	}
	box := ocr.Box{X1: 1000, Y1: 10}
	return ocr.Page{
		Number: n, Width: 1000, Height: 1000, DPI: 300, Origin: ocr.Recognised, Languages: opt.Languages, Confidence: 90,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{{Box: box, Words: list}}}}}},
	}
}

// lie speaks the protocol, badly.
func lie(role string) {
	conn := os.NewFile(worker.Socket, "pool")
	say := func(v any) {
		body, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
	}
	say(map[string]any{"languages": []string{"eng"}})
	listen := func() {
		for {
			var header [4]byte
			_, _ = io.ReadFull(conn, header[:])
			request := make([]byte, binary.BigEndian.Uint32(header[:]))
			_, _ = io.ReadFull(conn, request)
			if !bytes.Contains(request, []byte(`"op":"load"`)) {
				return
			}
			say(map[string]any{}) // before it has a document there is nothing to lie about
		}
	}
	listen() // to be asked to open the document
	askBadly(role)
	say(map[string]any{})
	listen() // to draw the page
	say(map[string]any{})
	listen() // to read it
	page := words(1, ocr.Options{}, "word")
	switch role {
	case "huge":
		_, _ = conn.Write([]byte{0xff, 0xff, 0xff, 0xff})
	case "garbage":
		_, _ = conn.Write([]byte{0, 0, 0, 4, 'j', 'u', 'n', 'k'})
	case "elements":
		_, _ = conn.Write(binary.BigEndian.AppendUint32(nil, 6<<20))
		_, _ = conn.Write(bytes.Repeat([]byte("{},"), 2<<20))
	case "nothing":
		say(map[string]any{})
	case "reason":
		say(map[string]any{"refusal": map[string]any{"reason": "made_up_by_a_document"}})
	case "numbers":
		say(map[string]any{"refusal": map[string]any{"reason": refusal.Empty, "numbers": []int{1}}})
	case "large number":
		say(map[string]any{"refusal": map[string]any{"reason": refusal.MorePages(1).Reason, "numbers": []int64{math.MaxInt64}}})
	case "number":
		page.Number = 2
		say(map[string]any{"page": page})
	case "box":
		page.Blocks[0].Paragraphs[0].Lines[0].Words[0].Box.X1 = 1001
		say(map[string]any{"page": page})
	case "control":
		page.Blocks[0].Paragraphs[0].Lines[0].Words[0].Text = "a\x00b"
		say(map[string]any{"page": page})
	case "language":
		page.Languages = []string{"invented"}
		say(map[string]any{"page": page})
	case "descriptors":
		for range 50 {
			rights := unix.UnixRights(0, 1, 2, worker.Socket)
			_ = unix.Sendmsg(worker.Socket, []byte{0}, rights, nil, 0)
		}
	case "close":
		_ = conn.Close()
	}
	select {}
}
