package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// emitter writes PDF objects one after the other and remembers where they are. The first error sticks and makes the rest
// a no-op; finish returns it.
type emitter struct {
	w       io.Writer
	at      int64
	next    int // the next free object number
	written map[int]location
	err     error

	encryption *encryption // of everything but the trailer; nil for none
}

type location struct {
	offset     int64
	generation int
}

func newEmitter(w io.Writer) *emitter {
	return &emitter{w: w, next: 1, written: map[int]location{}}
}

// Write counts what passes to the underlying writer.
func (e *emitter) Write(b []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.w.Write(b)
	e.at += int64(n)
	e.err = err
	return n, err
}

func (e *emitter) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(e, format, args...) // e keeps the error
}

func (e *emitter) reserve() int {
	e.next++
	return e.next - 1
}

// object writes object number n, which is reserved or replaces one of an earlier section.
func (e *emitter) object(n, generation int, body string) {
	e.plain(n, generation, e.sealed(body))
}

// plain writes an object as it is.
func (e *emitter) plain(n, generation int, body string) {
	e.written[n] = location{e.at, generation}
	e.printf("%d %d obj\n%s\nendobj\n", n, generation, body)
}

// sealed returns an object, or the dictionary of a stream, with its strings encrypted if they are to be.
func (e *emitter) sealed(raw string) string {
	if e.encryption == nil {
		return raw
	}
	sealed, err := e.encryption.strings(raw)
	if e.err == nil {
		e.err = err
	}
	return sealed
}

// data writes the data of a stream by fill.
func (e *emitter) data(fill func(io.Writer) error) error {
	if e.encryption == nil {
		return fill(e)
	}
	w, err := e.encryption.stream(e)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return err
	}
	return w.Close()
}

// size returns the length of a stream of so many bytes as it is written.
func (e *emitter) size(plain int64) int64 {
	if e.encryption == nil {
		return plain
	}
	return e.encryption.size(plain)
}

// copied writes an object of another document as it is.
func (e *emitter) copied(p part) error {
	if p.stream == nil {
		e.object(p.number, p.generation, p.raw)
		return e.err
	}
	raw := p.raw
	if d, ok := parseDictionary(raw); ok && e.encryption != nil {
		raw = d.with("/Length", strconv.FormatInt(e.size(p.length), 10)).String()
	}
	raw = e.sealed(raw)
	e.written[p.number] = location{e.at, p.generation}
	e.printf("%d %d obj\n%s\nstream\n", p.number, p.generation, raw)
	err := e.data(func(w io.Writer) error {
		_, err := io.Copy(w, p.stream)
		return err
	})
	if err != nil && e.err == nil {
		return err
	}
	e.printf("\nendstream\nendobj\n")
	return e.err
}

// stream writes a stream whose length is known when fill has written it. dict holds the entries beside the length.
func (e *emitter) stream(n int, dict string, fill func(io.Writer) error) {
	length := e.reserve()
	e.written[n] = location{offset: e.at}
	e.printf("%d 0 obj\n<<%s/Length %d 0 R>>\nstream\n", n, e.sealed(dict), length)
	start := e.at
	if err := e.data(fill); err != nil && e.err == nil {
		e.err = err
	}
	size := e.at - start
	e.printf("\nendstream\nendobj\n")
	e.object(length, 0, fmt.Sprint(size))
}

// packed writes a compressed stream.
func (e *emitter) packed(n int, dict string, data []byte) {
	e.stream(n, dict+"/Filter/FlateDecode", func(w io.Writer) error { return deflate(w, data) })
}

// ready writes a stream that is compressed already.
func (e *emitter) ready(n int, s newStream) {
	e.written[n] = location{offset: e.at}
	e.printf("%d 0 obj\n<<%s/Filter/FlateDecode/Length %d>>\nstream\n", n, e.sealed(s.entries), e.size(int64(len(s.packed))))
	err := e.data(func(w io.Writer) error {
		_, err := w.Write(s.packed)
		return err
	})
	if e.err == nil {
		e.err = err
	}
	e.printf("\nendstream\nendobj\n")
}

func deflate(w io.Writer, data []byte) error {
	z, err := zlib.NewWriterLevel(w, zlib.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	return z.Close()
}

// finish writes the cross-reference section of the objects of this emitter and the trailer. entries are the trailer's
// beside the size.
func (e *emitter) finish(entries string) error {
	if e.encryption != nil {
		n := e.reserve()
		e.plain(n, 0, e.encryption.dictionary)
		entries += fmt.Sprintf("/Encrypt %d 0 R", n)
	}
	start := e.at
	e.printf("xref\n0 1\n0000000000 65535 f\r\n")
	numbers := slices.Sorted(maps.Keys(e.written))
	size := 1
	if len(numbers) > 0 {
		size = numbers[len(numbers)-1] + 1
	}
	for len(numbers) > 0 {
		run := 1
		for run < len(numbers) && numbers[run] == numbers[0]+run {
			run++
		}
		e.printf("%d %d\n", numbers[0], run)
		var rows bytes.Buffer
		for _, n := range numbers[:run] {
			fmt.Fprintf(&rows, "%010d %05d n\r\n", e.written[n].offset, e.written[n].generation)
		}
		_, _ = e.Write(rows.Bytes()) // e keeps the error
		numbers = numbers[run:]
	}
	e.printf("trailer\n<<%s/Size %d>>\nstartxref\n%d\n%%%%EOF\n", entries, size, start)
	return e.err
}
