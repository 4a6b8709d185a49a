package verbs

import (
	"fmt"
	"strings"
	"time"
)

// Duration says how long something is, in words and by its two largest units: 1 hour 30 minutes. What is shorter than a second
// is no time.
func Duration(d time.Duration) string {
	d = d.Abs()
	var parts []string
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		n := d / unit.size
		d -= n * unit.size
		switch {
		case len(parts) == 2, n == 0 && len(parts) == 1:
			return strings.Join(parts, " ") // what follows is small beside it
		case n == 1:
			parts = append(parts, "1 "+unit.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit.name))
		}
	}
	if len(parts) == 0 {
		return "0 seconds"
	}
	return strings.Join(parts, " ")
}

// Instant says a time, and how far it is from now: 2026-11-28T14:00:00Z (in 3 hours).
func Instant(at, now time.Time) string {
	stamp := at.UTC().Format(time.RFC3339)
	switch away := at.Sub(now); {
	case away >= time.Second:
		return fmt.Sprintf("%s (in %s)", stamp, Duration(away))
	case away <= -time.Second:
		return fmt.Sprintf("%s (%s ago)", stamp, Duration(away))
	default:
		return stamp + " (now)"
	}
}
