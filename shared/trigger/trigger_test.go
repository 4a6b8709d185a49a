package trigger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/webhook"
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

func TestMessagesOfDeliveriesHoldIdsAndTimesAlone(t *testing.T) {
	d := webhook.Ref{Application: "app", Row: "1793534400000!01981de2-7b00-7000-8000-000000000001!1!0123456789abcdef"}
	to := &sent{}
	if err := (trigger.Deliveries{To: to}).Push(t.Context(), d, time.Minute); err != nil {
		t.Fatal(err)
	}
	if want := `{"v":1,"app":"app","delivery":"` + d.Row + `"}`; to.text != want || to.delay != time.Minute {
		t.Errorf("sent %s after %s, want %s after 1m", to.text, to.delay, want)
	}
	if got, err := trigger.ParseDelivery(to.text); err != nil || got.Ref != d {
		t.Errorf("read back as %+v, %v", got, err)
	}
	if _, err := trigger.ParseDelivery(`{"v":2,"app":"app","delivery":"` + d.Row + `"}`); err == nil || errors.Is(err, trigger.ErrMalformed) {
		t.Errorf("a newer message, which another instance may know: %v", err)
	}
	for _, text := range []string{"", "null", "x", `{"v":1}`, `{"v":1,"app":"app","delivery":"x"}`, `{"v":1,"app":"../a","delivery":"` + d.Row + `"}`} {
		if _, err := trigger.ParseDelivery(text); !errors.Is(err, trigger.ErrMalformed) {
			t.Errorf("%s: %v", text, err)
		}
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
