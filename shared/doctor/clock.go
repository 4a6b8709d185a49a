package doctor

import (
	"context"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
)

// Clock is the probe of the wall clock beside a data folder.
type Clock struct {
	Drift func() time.Duration // how far wall time is ahead of what elapsed time says
}

var _ Probe = Clock{}

// Subject implements Probe.
func (c Clock) Subject() Subject { return OfFolder }

// Inspect implements Probe.
func (c Clock) Inspect(context.Context) []Finding {
	if c.Drift == nil {
		return []Finding{unseen(nil).unknown(WallClock)}
	}
	if drift := c.Drift().Round(time.Second); drift.Abs() > clock.Tolerance {
		return []Finding{breach(WallClock, "the wall clock is %s ahead of elapsed time", drift)}
	}
	return []Finding{fine(WallClock, "agrees with elapsed time")}
}
