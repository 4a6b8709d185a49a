package canary

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
)

// stamp is a service with one task.
type stamp struct {
	now      time.Time
	task     *task.Task
	text     string
	uploaded []byte
	broken   error
	refused  error // of the next creations
	log      bytes.Buffer
	canaries []*Canary
	outcomes []string // that the ledger was told
}

func newStamp() *stamp {
	s := &stamp{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), text: "The CANARY sings"}
	store := memory.New(func() time.Time { return s.now })
	for range 2 {
		s.canaries = append(s.canaries, New(Config{
			Tasks: s, Records: store, Ledger: s, Interval: time.Hour, Now: func() time.Time { return s.now }, Log: slog.New(slog.NewJSONHandler(&s.log, nil)),
			Upload: func(_ context.Context, _ storage.Link, document []byte) error {
				s.uploaded = document
				return s.broken
			},
		}))
	}
	return s
}

// Append implements Ledger.
func (s *stamp) Append(_ context.Context, e ledger.Entry) error {
	s.outcomes = append(s.outcomes, e.Value(ledger.FieldOutcome))
	return nil
}

func (s *stamp) Create(_ context.Context, o task.Order) (task.Accepted, error) {
	if s.refused != nil {
		return task.Accepted{}, s.refused
	}
	s.task = &task.Task{Ref: task.Ref{Application: o.Application, ID: "id"}, State: task.Submitted, Settings: o.Settings}
	return task.Accepted{Task: s.task, Upload: &storage.Link{}}, nil
}

func (s *stamp) Get(context.Context, task.Ref) (*task.Task, error) {
	if s.task.State == task.Deleted {
		return nil, fault.New(fault.TaskErased, "gone")
	}
	return s.task, nil
}

func (s *stamp) Tombstone(context.Context, task.Ref) (*task.Task, error) {
	if s.task.State != task.Deleted {
		return nil, fault.New(fault.WrongState, "alive")
	}
	return s.task, nil
}

func (s *stamp) OpenResult(ctx context.Context, _ task.Ref, _ render.Format) (*task.Stream, error) {
	return task.NewStream(untied{ctx}, storage.Blob{}, io.NopCloser(strings.NewReader(s.text))), nil
}

// untied is a transfer that ends with its request alone.
type untied struct{ ctx context.Context }

func (u untied) Context() context.Context { return u.ctx }
func (untied) Moved(int)                  {}
func (untied) Close()                     {}

// tick lets both processes do what is next, a while later.
func (s *stamp) tick(t *testing.T, after time.Duration) {
	t.Helper()
	s.now = s.now.Add(after)
	for _, c := range s.canaries {
		if err := c.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *stamp) state(state task.State) {
	s.task.State = state
	switch state {
	case task.Completed:
		s.task.Ended = s.now
	case task.Deleted:
		s.task.Erased = s.now
	default:
	}
}

func (s *stamp) told(t *testing.T, name string, want int) {
	t.Helper()
	if got := strings.Count(s.log.String(), `"`+name+`"`); got != want {
		t.Errorf("%s was told %d times, want %d: %s", name, got, want, s.log.String())
	}
}

func TestPageIsFollowedToItsDisappearance(t *testing.T) {
	s := newStamp()
	s.tick(t, 0)
	if !bytes.HasPrefix(s.uploaded, []byte("\x89PNG")) {
		t.Error("no picture was sent")
	}
	s.tick(t, 5*time.Minute)
	s.state(task.Completed)
	s.tick(t, 5*time.Minute)
	s.told(t, logevent.CanaryDone, 0)
	s.state(task.Deleted)
	s.tick(t, 5*time.Minute)
	s.told(t, logevent.CanaryDone, 1)
	s.told(t, logevent.CanaryFailed, 0)
	if len(s.outcomes) != 1 || s.outcomes[0] != ledger.Done {
		t.Errorf("the ledger was told %q", s.outcomes)
	}
	sent := s.task
	s.tick(t, 30*time.Minute)
	if s.task != sent {
		t.Error("the next page came before its time")
	}
	if s.tick(t, 30*time.Minute); s.task == sent {
		t.Error("the next page did not come")
	}
}

func TestEveryWayToFailIsTold(t *testing.T) {
	cases := map[string]func(t *testing.T, s *stamp){
		"upload refused": func(t *testing.T, s *stamp) {
			s.broken = errors.New("refused")
			s.tick(t, 0)
		},
		"never read": func(t *testing.T, s *stamp) {
			s.tick(t, 0)
			s.tick(t, readTime)
		},
		"failed": func(t *testing.T, s *stamp) {
			s.tick(t, 0)
			s.state(task.ProcessingFailed)
			s.task.Failure = &task.Failure{Code: fault.PageFailed}
			s.tick(t, time.Minute)
		},
		"read wrongly": func(t *testing.T, s *stamp) {
			s.text = "nothing"
			s.tick(t, 0)
			s.state(task.Completed)
			s.tick(t, time.Minute)
		},
		"erased unread": func(t *testing.T, s *stamp) {
			s.tick(t, 0)
			s.state(task.Deleted)
			s.tick(t, time.Minute)
		},
		"never erased": func(t *testing.T, s *stamp) {
			s.tick(t, 0)
			s.state(task.Completed)
			s.tick(t, time.Minute)
			s.tick(t, retain+goneTime)
		},
	}
	for name, fails := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStamp()
			fails(t, s)
			s.told(t, logevent.CanaryFailed, 1)
			s.told(t, logevent.CanaryDone, 0)
			if len(s.outcomes) != 1 || !strings.HasSuffix(s.outcomes[0], "-failed") {
				t.Errorf("the ledger was told %q", s.outcomes)
			}
			first := s.task
			if s.tick(t, time.Hour); s.task == first {
				t.Error("no other page was sent")
			}
		})
	}
}

func TestNoIntervalMeansNoCanary(t *testing.T) {
	s := newStamp()
	s.canaries[0].Interval, s.canaries[1].Interval = 0, 0
	if s.tick(t, 0); s.task != nil {
		t.Error("a page was sent")
	}
}

// While intake is closed the canary sends nothing, and calls for nobody: whoever closed it told why.
func TestCanaryWaitsWhileIntakeIsClosed(t *testing.T) {
	s := newStamp()
	s.refused = fault.New(fault.IntakeClosed, "closed")
	s.tick(t, 0)
	s.tick(t, time.Hour)
	s.told(t, logevent.CanaryFailed, 0)
	if s.task != nil || len(s.outcomes) > 0 {
		t.Errorf("a page was sent: %v", s.outcomes)
	}
	s.refused = nil
	s.tick(t, time.Hour)
	if s.task == nil || s.uploaded == nil {
		t.Error("no page was sent when intake was open again")
	}
}
