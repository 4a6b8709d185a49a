//go:build linux

package worker_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
)

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
