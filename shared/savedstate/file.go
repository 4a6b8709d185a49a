// Package savedstate is the file from which a place whose disk was lost is made anew: applications, keys and ledger, and nothing
// of a document. It is a sequence of items inside an age file (age-encryption.org/v1), whose key the operator keeps.
package savedstate

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"filippo.io/age"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Version of the format that this program writes, and the only one that it reads.
const Version = 1

// maxItem is the longest line of a file in bytes: a file of the ledger, in base64 and with its name.
const maxItem = 4 << 20

// ErrDamaged means that the file was altered or cut, or that the key is not its own. The cipher does not tell which.
var ErrDamaged = errors.New("the file is damaged, or this is not its key")

// ErrVersion means that another program wrote the file.
var ErrVersion = errors.New("the file has a version that this program does not read")

// ErrForeign means that an item was handed in or found that no saved state has.
var ErrForeign = errors.New("it does not belong to the saved state of a place")

// Header begins a file.
type Header struct {
	Version int       `json:"version"`
	Region  string    `json:"region"`
	Saved   time.Time `json:"saved"` // when it was begun, in service time
}

// Item is one thing that is saved. Exactly one of them is set.
type Item struct {
	Key    []byte        `json:"key,omitempty"` // of the data folder: what is sealed and signed with it follows from it
	Clock  *clock.Anchor `json:"clock,omitempty"`
	Record *Record       `json:"record,omitempty"`
	Ledger *File         `json:"ledger,omitempty"`
}

// Record is a storage.Record without its version.
type Record struct {
	Table     storage.Table `json:"table"`
	Partition string        `json:"partition"`
	Row       string        `json:"row"`
	Value     []byte        `json:"value"`
	Due       time.Time     `json:"due,omitzero"`
}

// File is a file of the ledger with its path there.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// check refuses what a saved state never holds, above all a record of a document.
func (i Item) check() error {
	set := 0
	if i.Record != nil {
		set++
		if !(storage.Key{Table: i.Record.Table, Partition: i.Record.Partition, Row: i.Record.Row}).Saved() {
			return ErrForeign
		}
	}
	if i.Ledger != nil {
		set++
		if !ledger.IsFile(i.Ledger.Name) {
			return ErrForeign
		}
	}
	if i.Key != nil {
		set++
	}
	if i.Clock != nil {
		set++
	}
	if set != 1 {
		return ErrForeign
	}
	return nil
}

// line is one line of the file: the header first, then items, then the end.
type line struct {
	Header *Header `json:"header,omitempty"`
	Item   *Item   `json:"item,omitempty"`
	End    *end    `json:"end,omitempty"`
}

// end closes the file. What comes without it was not written to its end.
type end struct {
	Items  int    `json:"items"`
	SHA256 string `json:"sha256"` // of every line before it, hexadecimal
}

// Writer writes a file. It is not whole before Close has succeeded.
type Writer struct {
	sealed io.WriteCloser
	sum    hash.Hash
	items  int
}

// NewWriter begins a file that the key of any of the recipients opens.
func NewWriter(w io.Writer, to []age.Recipient, h Header) (*Writer, error) {
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return nil, fmt.Errorf("begin saved state: %w", err)
	}
	h.Version = Version
	out := &Writer{sealed: sealed, sum: sha256.New()}
	return out, out.put(line{Header: &h})
}

// Add writes an item. The error is ErrForeign for what must not be saved.
func (w *Writer) Add(i Item) error {
	if err := i.check(); err != nil {
		return err
	}
	w.items++
	return w.put(line{Item: &i})
}

// Close ends the file. It does not close what it is written to.
func (w *Writer) Close() error {
	if err := w.put(line{End: &end{w.items, hex.EncodeToString(w.sum.Sum(nil))}}); err != nil {
		return err
	}
	if err := w.sealed.Close(); err != nil {
		return fmt.Errorf("end saved state: %w", err)
	}
	return nil
}

func (w *Writer) put(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write saved state: %w", err)
	}
	text = append(text, '\n')
	if len(text) > maxItem {
		return fmt.Errorf("write saved state: an item of %d bytes is longer than %d", len(text), maxItem)
	}
	_, _ = w.sum.Write(text) // a hash takes everything
	if _, err := w.sealed.Write(text); err != nil {
		return fmt.Errorf("write saved state: %w", err)
	}
	return nil
}

// Read goes through a file to its end and gives each item to visit. What visit was given counts only if Read returns no error:
// read once with a visit that does nothing to check a file whole, and then once more.
func Read(r io.Reader, by []age.Identity, visit func(Item) error) (Header, error) {
	opened, err := age.Decrypt(r, by...)
	if err != nil {
		return Header{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	lines := bufio.NewScanner(opened)
	lines.Buffer(make([]byte, 0, 64<<10), maxItem)
	var (
		head  *Header
		sum   = sha256.New()
		items int
		ended bool
	)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || ended {
			return Header{}, ErrDamaged
		}
		switch {
		case head == nil:
			if l.Header == nil {
				return Header{}, ErrDamaged
			}
			if head = l.Header; head.Version != Version {
				return Header{}, ErrVersion
			}
		case l.Item != nil:
			items++
			if err := l.Item.check(); err != nil {
				return Header{}, err
			}
			if err := visit(*l.Item); err != nil {
				return Header{}, err
			}
		case l.End != nil:
			if l.End.Items != items || l.End.SHA256 != hex.EncodeToString(sum.Sum(nil)) {
				return Header{}, ErrDamaged
			}
			ended = true
		default:
			return Header{}, ErrDamaged
		}
		_, _ = sum.Write(lines.Bytes()) // a hash takes everything
		_, _ = sum.Write([]byte{'\n'})
	}
	if err := lines.Err(); err != nil || !ended {
		return Header{}, errors.Join(ErrDamaged, err)
	}
	return *head, nil
}
