package review

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// The times of a case.
const (
	DefaultBox = time.Hour           // for how long a document can be read after the approval
	MaxBox     = 8 * time.Hour       // the longest such time
	patience   = 24 * time.Hour      // in which somebody has to approve
	memory     = 30 * 24 * time.Hour // how long a case is remembered after its end
)

// State is where a case stands.
type State string

// The states. Time alone leads from Waiting to Lapsed and from Open to Expired.
const (
	Waiting State = "Waiting" // for a second person
	Open    State = "Open"    // the document can be read
	Lapsed  State = "Lapsed"  // nobody approved in time
	Expired State = "Expired" // its time is over
	Closed  State = "Closed"  // by a person
)

// States lists every state.
func States() []State { return []State{Waiting, Open, Lapsed, Expired, Closed} }

// Person is who takes part in a case: a subject and how it is known. A subject of a token is a person; one of a secret is
// whoever holds it.
type Person struct {
	Subject string `json:"subject"`
	ByToken bool   `json:"token,omitempty"`
}

// Case is the record of an exceptional review. It holds nothing of the document.
type Case struct {
	Version    int           `json:"v"`
	ID         string        `json:"id"` // a UUIDv7
	Ref        task.Ref      `json:"ref"`
	Reason     string        `json:"reason"`
	Box        time.Duration `json:"box"` // nanoseconds
	Opened     time.Time     `json:"opened"`
	OpenedBy   Person        `json:"opened_by"`
	Approved   time.Time     `json:"approved,omitzero"`
	ApprovedBy Person        `json:"approved_by,omitzero"`
	Closed     time.Time     `json:"closed,omitzero"`
	ClosedBy   Person        `json:"closed_by,omitzero"`

	etag string
}

// formatVersion is the version of the record's encoding. A record of a newer one is refused, never overwritten.
const formatVersion = 1

// End returns when the case is over if nobody does anything more.
func (c *Case) End() time.Time {
	switch {
	case !c.Closed.IsZero():
		return c.Closed
	case !c.Approved.IsZero():
		return c.Approved.Add(c.Box)
	default:
		return c.Opened.Add(patience)
	}
}

// State returns where the case stands at a time.
func (c *Case) State(now time.Time) State {
	over := !now.Before(c.End())
	switch {
	case !c.Closed.IsZero():
		return Closed
	case c.Approved.IsZero() && over:
		return Lapsed
	case c.Approved.IsZero():
		return Waiting
	case over || now.Before(c.Approved): // a clock that was set back opens nothing
		return Expired
	default:
		return Open
	}
}

// has reports whether somebody is one of the two persons of the case.
func (c *Case) has(p Person) bool { return p == c.OpenedBy || p == c.ApprovedBy }

// partition holds every case.
const partition = "cases"

func key(id string) storage.Key {
	return storage.Key{Table: storage.Cases, Partition: partition, Row: id}
}

// checkID refuses what is no id of a case before it reaches a key.
func checkID(id string) error {
	u, err := uuid.FromString(id)
	if err != nil || u.String() != id {
		return unknown()
	}
	return nil
}

func unknown() error { return fault.New(fault.ThingNotFound, "there is no case with that id") }

func encode(c *Case) (storage.Record, error) {
	value, err := json.Marshal(c)
	if err != nil {
		return storage.Record{}, fmt.Errorf("encode case: %w", err)
	}
	return storage.Record{Key: key(c.ID), Value: value, ETag: c.etag, Due: c.End().Add(memory)}, nil
}

func decode(rec storage.Record) (*Case, error) {
	c := &Case{}
	if err := json.Unmarshal(rec.Value, c); err != nil {
		return nil, fmt.Errorf("decode case: %w", err)
	}
	if c.Version != formatVersion {
		return nil, fmt.Errorf("case has format %d, want %d", c.Version, formatVersion)
	}
	c.etag = rec.ETag
	return c, nil
}
