package httpserver

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Part is what a request asks for of something that is stored, and what it gets.
type Part struct {
	Asked  *Range // nil for the whole
	Only   string // the version that it is asked of, as in If-Range; empty for any
	Wholly bool   // nothing but the whole is given: what is fetched in parts is never known to be fetched

	tag                  string // of what is stored, with its quotes
	size, offset, length int64
	ranged               bool // the answer is a range, be it of all bytes
}

// PartOf returns what the headers of a request ask for.
func PartOf(r *http.Request) *Part {
	p := &Part{Only: r.Header.Get("If-Range")}
	if r.Method == http.MethodGet {
		p.Asked = ParseRange(r.Header.Get("Range"))
	}
	return p
}

// Choose decides once it is known what is stored: an entity tag without quotes and so many bytes.
func (p *Part) Choose(etag string, size int64) (offset, length int64, err error) {
	p.tag, p.size, p.length = strconv.Quote(etag), size, size
	if p.Asked == nil || !RangeHolds(p.Only, p.tag) || size == 0 {
		return 0, p.length, nil
	}
	offset, length, ok := p.Asked.Of(size)
	if p.Wholly && length < size {
		return 0, p.length, nil
	}
	if p.ranged, p.offset, p.length = true, offset, length; !ok {
		p.offset, p.length = 0, 0
		err = fault.New(fault.RangeUnsatisfiable, "the result has %d bytes; ask for a range that begins before its end", size).In("Range")
	}
	return p.offset, p.length, err
}

// Unrange makes the answer describe the whole: a range is asked for with GET alone (RFC 9110 section 14.2).
func (p *Part) Unrange() { p.ranged, p.length = false, p.size }

// Size is how many bytes are stored.
func (p *Part) Size() int64 { return p.size }

// Length is how many bytes are in the answer.
func (p *Part) Length() int64 { return p.length }

// Whole reports whether every byte is in the answer.
func (p *Part) Whole() bool { return p.length == p.size }

// Describe sets the headers of the answer and returns its status.
func (p *Part) Describe(h http.Header) int {
	h.Set("Accept-Ranges", "bytes")
	h.Set("Etag", p.tag)
	h.Set("Content-Length", strconv.FormatInt(p.length, 10))
	if !p.ranged {
		return http.StatusOK
	}
	h.Set("Content-Range", ContentRange(p.offset, p.length, p.size))
	return http.StatusPartialContent
}

// Outgoing is something stored on its way to a client.
type Outgoing interface {
	io.Reader
	Transfer
}

// Send writes the body of an answer, and returns once the connection, not only a buffer of ours, has taken the last byte. A
// transport that answers in one piece cannot be flushed; there the buffer is all that is seen.
func Send(w http.ResponseWriter, from Outgoing) (int64, error) {
	answer := Answer(w, from)
	sent, err := io.Copy(answer, from)
	if err != nil {
		return sent, err
	}
	if err := http.NewResponseController(answer).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return sent, err
	}
	return sent, nil
}
