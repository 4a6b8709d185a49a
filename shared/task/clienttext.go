package task

import "github.com/lethe-ocr/lethe/shared/ocr"

// ClientText is what a client wrote of its own: it may be anything. It stands in the record alone, never in a name, a log, a
// metric, the ledger or a tombstone. All but the description goes when processing ends.
type ClientText struct {
	Description string             `json:"description,omitempty"`
	Fields      []ocr.FieldRequest `json:"fields,omitempty"` // of a form; none to read whole pages
}
