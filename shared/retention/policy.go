// Package retention decides what must be erased and when. It is pure: no I/O and no clock of its own, so the plan that a
// dry run prints is the plan that a sweep carries out, and a table of cases can test every rule.
package retention

import (
	"fmt"
	"time"
)

// The outer limits of the promise. Nothing of a document outlives them, slack included; the plan erases Margin earlier.
const (
	ProcessedLimit   = 24 * time.Hour      // after processing ended
	UnprocessedLimit = 48 * time.Hour      // after upload
	SubmissionLimit  = 24 * time.Hour      // a task that never received a document, after its creation
	TombstoneLife    = 30 * 24 * time.Hour // the content-free trace of an erased task, after its erasure
)

// Policy is the retention in force. A tenant may shorten it for a task, never lengthen it.
type Policy struct {
	Processed   time.Duration // limit after processing ended; at most ProcessedLimit
	Unprocessed time.Duration // limit after upload; at most UnprocessedLimit
	Submission  time.Duration // limit for tasks that never received a document
	Tombstone   time.Duration // lifetime of the tombstone
	Margin      time.Duration // how long before a limit things are due
	Alarm       time.Duration // how long after due the alarm rises; less than Margin, so that it rises before the limit
}

// Default is the longest retention there is: due after 23 and 47 hours, alarm half an hour later, limits 24 and 48 hours.
func Default() Policy {
	return Policy{
		Processed:   ProcessedLimit,
		Unprocessed: UnprocessedLimit,
		Submission:  SubmissionLimit,
		Tombstone:   TombstoneLife,
		Margin:      time.Hour,
		Alarm:       30 * time.Minute,
	}
}

// Validate refuses a policy that is longer than the limits or whose alarm could rise after them.
func (p Policy) Validate() error {
	switch {
	case p.Processed <= 0 || p.Processed > ProcessedLimit:
		return fmt.Errorf("retention after processing is %v: it must be above 0 and at most %v", p.Processed, ProcessedLimit)
	case p.Unprocessed <= 0 || p.Unprocessed > UnprocessedLimit:
		return fmt.Errorf("retention after upload is %v: it must be above 0 and at most %v", p.Unprocessed, UnprocessedLimit)
	case p.Submission <= 0 || p.Submission > SubmissionLimit:
		return fmt.Errorf("retention of tasks without a document is %v: it must be above 0 and at most %v", p.Submission, SubmissionLimit)
	case p.Tombstone < 0 || p.Tombstone > TombstoneLife:
		return fmt.Errorf("retention of tombstones is %v: it must be at most %v", p.Tombstone, TombstoneLife)
	case p.Margin <= 0 || p.Margin >= p.Processed || p.Margin >= p.Unprocessed:
		return fmt.Errorf("retention margin is %v: it must be above 0 and shorter than both limits", p.Margin)
	case p.Alarm <= 0 || p.Alarm >= p.Margin:
		return fmt.Errorf("retention alarm is %v after due: it must be above 0 and less than the margin %v", p.Alarm, p.Margin)
	}
	return nil
}

// Subject is what is known of one task and the copies that hang on it. Zero times mean "not yet".
type Subject struct {
	Key       string        // names the subject for the caller; the plan does not read it
	Created   time.Time     // the task was created
	Uploaded  time.Time     // the oldest copy of the document appeared, by storage's clock where storage knows better
	Ended     time.Time     // processing ended, whatever the outcome
	Deleted   time.Time     // a delete was accepted
	Erased    time.Time     // the erasure was checked
	Held      time.Time     // a worker may still write until then; only counts after Deleted
	Wish      time.Duration // the tenant's shorter retention after processing; zero for none
	NoRecord  bool          // storage holds copies that no record explains
	Surviving bool          // storage holds copies although Erased is set
	Undated   bool          // time went by since it began that nobody measured
}

// Skew is how far in the future a start may lie: two clocks that are both right differ a little.
const Skew = 5 * time.Minute

// Undatable reports whether elapsed time does not show how old the subject is: time was lost, or it begins in the future, as
// it does when a clock was lost or state came back. It is then taken to be as old as it may be. What is erased already counts
// from its erasure.
func (s Subject) Undatable(now time.Time) bool {
	if !s.Erased.IsZero() {
		return s.Erased.After(now.Add(Skew))
	}
	latest := later(later(s.Created, s.Uploaded), later(s.Ended, s.Deleted))
	return s.Undated || latest.After(now.Add(Skew))
}

// Due returns when the subject must be acted on to keep the policy, and the outer limit that nothing may outlive. The
// limit is zero where no copy of a document is at stake.
func (p Policy) Due(s Subject) (due, limit time.Time) {
	switch {
	case s.NoRecord || s.Surviving:
		return s.Uploaded, s.Uploaded.Add(p.Unprocessed)
	case !s.Erased.IsZero():
		return s.Erased.Add(p.Tombstone), time.Time{}
	case !s.Deleted.IsZero():
		return later(s.Deleted, s.Held), p.limit(s)
	case s.Uploaded.IsZero() && s.Ended.IsZero():
		return s.Created.Add(p.Submission), time.Time{}
	}
	limit = p.limit(s)
	due = limit.Add(-p.Margin)
	if s.Wish > 0 && !s.Ended.IsZero() {
		due = earlier(due, s.Ended.Add(s.Wish))
	}
	return due, limit
}

func (p Policy) limit(s Subject) time.Time {
	var limit time.Time
	if !s.Uploaded.IsZero() {
		limit = s.Uploaded.Add(p.Unprocessed)
	}
	if !s.Ended.IsZero() {
		limit = earlier(limit, s.Ended.Add(p.Processed))
	}
	return limit
}

// earlier returns the earlier of two times, a zero time meaning "never".
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
