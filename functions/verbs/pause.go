package verbs

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
)

// seldom is the time between two lines that say that a command still waits.
const seldom = time.Minute

// pause tells people that the server takes nothing for now and why: at once, and then seldom.
type pause struct {
	w   io.Writer
	now func() time.Time

	mu   sync.Mutex
	told time.Time // when it was said last; guarded by mu
}

func newPause(w io.Writer) *pause { return &pause{w: w, now: time.Now} }

func (t *pause) tell(why *client.Problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if !t.told.IsZero() && now.Sub(t.told) < seldom {
		return
	}
	t.told = now
	fmt.Fprintln(t.w, "waiting:", Message(why))
}
