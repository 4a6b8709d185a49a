package notify_test

import (
	"context"
	"errors"
	"testing"

	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

type outbox struct {
	asked []webhook.Ref
	err   error
}

func (o *outbox) Deliver(_ context.Context, d webhook.Ref) error {
	o.asked = append(o.asked, d)
	return o.err
}

func TestMessageMakesOneAttempt(t *testing.T) {
	o := &outbox{err: errors.New("storage is away")}
	want := webhook.Ref{Application: "app", Row: "row"}
	if err := notify.New(o)(t.Context(), trigger.Delivery{Ref: want}); !errors.Is(err, o.err) || len(o.asked) != 1 || o.asked[0] != want {
		t.Errorf("asked for %v, %v", o.asked, err)
	}
}
