package httpserver

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// MaxWait is the longest time that a request is held for a change.
const MaxWait = 60 * time.Second

// PreferWait reads the preference "wait" (RFC 7240, section 4.3): how long the client would like to wait for a change.
// It is zero if the header says nothing of the kind, and never more than MaxWait.
func PreferWait(header string) time.Duration {
	for preference := range strings.SplitSeq(header, ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 16)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return MaxWait
		case err != nil:
			return 0
		}
		return min(time.Duration(seconds)*time.Second, MaxWait)
	}
	return 0
}

// Patience returns how long a request may be held that would like to be held for so long: where its own time is limited, a quarter
// of that is left for the answer.
func Patience(ctx context.Context, wait time.Duration) time.Duration {
	end, limited := ctx.Deadline()
	if !limited {
		return wait
	}
	return max(0, min(wait, time.Until(end)*3/4))
}

// NoneMatch reports whether an If-None-Match header names the strong entity tag (RFC 9110, section 13.1.2, whose comparison
// is the weak one). The tag comes with its quotes.
func NoneMatch(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || candidate == tag {
			return true
		}
	}
	return false
}
