//go:build linux

package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Where the pool has not all bytes of a document yet, its child asks for what it is about to read, on a socket of its own: the
// other one carries pages meanwhile. A question says what is to be filled, big endian: which of the document's files (4 bytes),
// offset and length (8 bytes each). The answer is one byte, once it can be read. If it cannot, the child is ended.
const (
	questionSize = 20
	filled       = 1
	// fillUnit is what a child asks for at least, in bytes: each once while it has the document open.
	fillUnit = 32 << 10
)

// units is how many questions a file of a size can be worth.
func units(size int64) int64 { return (size + fillUnit - 1) / fillUnit }

type question struct {
	file           uint32
	offset, length int64
}

func (q question) bytes() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, questionSize), q.file)
	b = binary.BigEndian.AppendUint64(b, uint64(q.offset))    // #nosec G115 -- not negative
	return binary.BigEndian.AppendUint64(b, uint64(q.length)) // #nosec G115 -- not negative
}

// parseQuestion reads a question. What a child made too large becomes negative.
func parseQuestion(b [questionSize]byte) question {
	return question{
		file:   binary.BigEndian.Uint32(b[:]),
		offset: int64(binary.BigEndian.Uint64(b[4:])),  // #nosec G115 -- checked later
		length: int64(binary.BigEndian.Uint64(b[12:])), // #nosec G115 -- likewise
	}
}

// asker is the ocr.Filler of a child.
type asker struct {
	pool io.ReadWriter
	file uint32
	size int64

	mu    sync.Mutex
	asked []bool // by unit; guarded by mu
}

var errNotFilled = errors.New("the pool does not fill the document")

func newAsker(pool io.ReadWriter, number int, file *os.File) (*asker, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at document: %w", err)
	}
	return &asker{pool: pool, file: uint32(number), size: info.Size(), asked: make([]bool, units(info.Size()))}, nil // #nosec G115 -- at most ocr.MaxParts
}

// Fill asks for those units of a range that were not asked for before. It waits as long as the pool lets the process live.
func (a *asker) Fill(_ context.Context, offset, length int64) error {
	if offset < 0 || length < 1 || offset > a.size-length {
		return errNotFilled
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	first, last := offset/fillUnit, (offset+length-1)/fillUnit
	for first <= last && a.asked[first] {
		first++
	}
	for last > first && a.asked[last] {
		last--
	}
	if first > last {
		return nil
	}
	from := first * fillUnit
	if _, err := a.pool.Write(question{a.file, from, min((last+1)*fillUnit, a.size) - from}.bytes()); err != nil {
		return fmt.Errorf("ask for document: %w", err)
	}
	var answer [1]byte
	if _, err := io.ReadFull(a.pool, answer[:]); err != nil {
		return fmt.Errorf("ask for document: %w", err)
	}
	if answer[0] != filled {
		return errNotFilled
	}
	for ; first <= last; first++ {
		a.asked[first] = true
	}
	return nil
}

var _ ocr.Filler = (*asker)(nil)
