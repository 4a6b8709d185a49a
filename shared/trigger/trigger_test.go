package trigger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// sent is a Sender that keeps the last message.
type sent struct {
	text  string
	delay time.Duration
}

func (s *sent) Send(_ context.Context, text []byte, delay time.Duration) error {
	s.text, s.delay = string(text), delay
	return nil
}

func TestMessagesHoldIdsAlone(t *testing.T) {
	ref := task.Ref{Application: "app", ID: "01981de2-7b00-7000-8000-000000000001"}
	to := &sent{}
	if err := (trigger.Queue{To: to}).Push(t.Context(), ref.Job(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if want := `{"v":1,"app":"app","id":"` + ref.ID + `"}`; to.text != want || to.delay != time.Minute {
		t.Errorf("sent %s after %s, want %s after 1m", to.text, to.delay, want)
	}
	got, err := trigger.ParseJob(to.text)
	if diff := cmp.Diff(trigger.Message{Job: ref.Job()}, got); err != nil || diff != "" {
		t.Errorf("read back with %v (-want +got):\n%s", err, diff)
	}
}

func TestMessagesOfOtherProgramsAreReadOrRefusedByTheirVersion(t *testing.T) {
	const id = "01981de2-7b00-7000-8000-000000000001"
	if m, err := trigger.ParseJob(`{"app":"app","id":"` + id + `"}`); err != nil || m.Job.Task.ID != id {
		t.Errorf("a message from before there were versions is read as %+v, %v", m, err)
	}
	if m, err := trigger.ParseJob(`{"v":3,"app":"app","id":"` + id + `"}`); err == nil || errors.Is(err, trigger.ErrMalformed) || m.Job.Task.ID != "" {
		t.Errorf("a newer message, which another instance may know, is read as %+v, %v", m, err)
	}
}
