package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// passKey is where the full passes are noted.
func passKey() storage.Key {
	return storage.Key{Table: storage.State, Partition: "retention", Row: "fullpass"}
}

// passNoteVersion is the version of the format of passNote.
const passNoteVersion = 1

// passNote is what is stored of full passes.
type passNote struct {
	Began    time.Time `json:"began,omitzero"` // of the last whole one
	Ended    time.Time `json:"ended,omitzero"` // of the last whole one
	Did      Swept     `json:"did"`            // what the last whole one did
	UnderWay *pass     `json:"under_way,omitempty"`

	etag string
}

// pass is a full pass that is under way.
type pass struct {
	Began time.Time           `json:"began"`
	Saved time.Time           `json:"saved"`
	Owner string              `json:"owner,omitempty"` // the process that works on it; empty once that has put it down
	Steps map[string]position `json:"steps"`           // by name; one that is missing was not begun
	Did   Swept               `json:"did"`             // so far, but for what a process did that died before it saved
	// Turned is when done steps were last begun anew because another one cannot be done; zero for never.
	Turned time.Time `json:"turned,omitzero"`
	// Uncounted are applications whose tasks are not all where they are counted; they are counted in another pass.
	Uncounted []string `json:"uncounted,omitempty"`
	CountNone bool     `json:"count_none,omitempty"` // there are more such applications than are listed
}

// mostUncounted bounds the size of the note.
const mostUncounted = 100

// position is how far a step has come: the last entry that it dealt with.
type position struct {
	Blob      string `json:"blob,omitempty"`
	Partition string `json:"partition,omitempty"`
	Row       string `json:"row,omitempty"`
	Done      bool   `json:"done,omitempty"`
	Stuck     bool   `json:"stuck,omitempty"` // the next entries could not be read
}

func newPass(now time.Time) pass { return pass{Began: now.UTC(), Steps: map[string]position{}} }

// held reports whether another process works on the pass.
func (p *pass) held(by string, now time.Time) bool {
	return p.Owner != "" && p.Owner != by && now.Sub(p.Saved).Abs() < passHeld
}

// whole reports whether every step is done.
func (p *pass) whole(steps []passStep) bool { return p.done(steps) == len(steps) }

func (p *pass) done(steps []passStep) (n int) {
	for _, step := range steps {
		if p.Steps[step.name].Done {
			n++
		}
	}
	return n
}

// turn begins the steps anew that are done, once an interval: one that cannot be done must not keep the others from coming
// round. The pass is as old as before.
func (p *pass) turn(steps []passStep, now time.Time, interval time.Duration) {
	stuck := 0
	for _, step := range steps {
		if p.Steps[step.name].Stuck {
			stuck++
		}
	}
	if stuck == 0 || stuck+p.done(steps) < len(steps) || now.Sub(later(p.Began, p.Turned)) < interval {
		return
	}
	for name, at := range p.Steps {
		if at.Done {
			delete(p.Steps, name)
		}
	}
	p.Turned = now.UTC()
}

// notCounted takes down that an application cannot be counted in this pass.
func (p *pass) notCounted(application string) {
	switch {
	case !p.countable(application):
	case len(p.Uncounted) < mostUncounted:
		p.Uncounted = append(p.Uncounted, application)
	default:
		p.CountNone = true
	}
}

// late reports whether no full pass has come to its end for so long that somebody must look why, and for how long.
func (n passNote) late(now time.Time) (bool, time.Duration) {
	if n.UnderWay == nil {
		return !n.Ended.IsZero() && now.Sub(n.Ended) >= 2*passLimit, now.Sub(n.Ended)
	}
	age := now.Sub(later(n.UnderWay.Began, n.Ended))
	return age >= passLimit, age
}

// readPass returns what is stored of full passes. What is lost, damaged or of a newer format is as if there had been none:
// everything is gone through again, nothing left out. An error means that storage did not answer.
func (s *Service) readPass(ctx context.Context) (passNote, error) {
	rec, err := s.Store.Records.Get(ctx, passKey())
	if errors.Is(err, fault.NotFound) {
		return passNote{}, nil
	}
	if err != nil {
		return passNote{}, err
	}
	var note passNote
	if storage.Decode(rec.Value, passNoteVersion, &note) != nil || !note.sound(s.passSteps(), s.Now()) {
		note = passNote{}
	}
	note.etag = rec.ETag
	return note, nil
}

// sound reports whether a pass can go on where the note says that it stands.
func (n *passNote) sound(steps []passStep, now time.Time) bool {
	p := n.UnderWay
	if p == nil {
		return true
	}
	if p.Began.IsZero() || p.Began.After(now.Add(passHeld)) || p.Steps == nil {
		return false
	}
	for _, step := range steps {
		at := p.Steps[step.name]
		if at.Blob != "" && (step.container == "" || !strings.HasPrefix(at.Blob, step.container+"/")) {
			return false
		}
		key := storage.Key{Table: step.table, Partition: at.Partition, Row: at.Row}
		if (at.Partition != "" || at.Row != "") && key.Check() != nil {
			return false
		}
	}
	return true
}

// writePass replaces the note by compare-and-swap and returns its new ETag. It may replace one of a newer format, unlike anything
// else that is stored: all that is lost with it is how far a pass had come.
func (s *Service) writePass(ctx context.Context, note passNote) (string, error) {
	value, err := storage.Encode(passNoteVersion, note)
	if err != nil {
		return "", fmt.Errorf("encode note of full passes: %w", err)
	}
	return s.Store.Records.Put(ctx, storage.Record{Key: passKey(), Value: value, ETag: note.etag})
}

// notePass writes down a whole pass that was made in one go.
func (s *Service) notePass(ctx context.Context, began time.Time, did Swept) error {
	for {
		note, err := s.readPass(ctx)
		if err != nil || note.Began.After(began) && !note.Began.After(s.Now()) {
			return err
		}
		note.Began, note.Ended, note.Did = began, s.Now().UTC(), did
		if _, err = s.writePass(ctx, note); lost(err) {
			continue
		}
		return err
	}
}
