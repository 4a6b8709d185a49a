package task

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// ClientText is what a client wrote of its own: it may be anything. It stands in the record alone, never in a name, a log, a
// metric, the ledger or a tombstone. All but the description goes when processing ends, the description with the task.
type ClientText struct {
	Description string             `json:"description,omitempty"` // at most MaxDescription characters
	Fields      []ocr.FieldRequest `json:"fields,omitempty"`      // of a form; none to read whole pages
}

// MaxDescription is the longest description in characters.
const MaxDescription = 255

// maxLetters bounds Settings.Letters in characters.
const maxLetters = 1000

// recordReserve is what a record must leave free of storage's limit for what is still to be added to it: open transfers, results,
// evidence.
const recordReserve = 16 << 10

func (c ClientText) empty() bool { return c.Description == "" && len(c.Fields) == 0 }

// check refuses text that no record can hold.
func (c ClientText) check() error {
	if n := utf8.RuneCountInString(c.Description); n > MaxDescription {
		return fault.New(fault.BadField, "the description has %d characters; at most %d are allowed", n, MaxDescription).In("description")
	}
	return nil
}

// fits refuses what a client wrote if the record would become larger than storage takes.
func (t *Task) fits() error {
	if t.Client.empty() {
		return nil
	}
	value, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encode task record: %w", err)
	}
	if over := len(value) + recordReserve - storage.MaxValue; over > 0 {
		return fault.New(fault.BadField, "the fields take %d bytes too many to be stored; ask for fewer in one task, or shorten their names and expressions", over).In("fields")
	}
	return nil
}

// dropClientText forgets what only processing needed.
func (t *Task) dropClientText() { t.Client.Fields = nil }

// fieldsOf returns what is asked for on page n of the document.
func (c ClientText) fieldsOf(n int) []ocr.FieldRequest {
	var of []ocr.FieldRequest
	for _, f := range c.Fields {
		if f.Page == n || f.Page == 0 {
			of = append(of, f)
		}
	}
	return of
}
