package retention

import "time"

// Action is what the plan wants done with a subject.
type Action string

// The actions.
const (
	Keep   Action = "keep"   // nothing is due
	Erase  Action = "erase"  // remove every copy, check, leave a tombstone
	Forget Action = "forget" // remove the tombstone itself, or another note that has served its time

	// What a sweep does to tasks that are not erased. The pure plan never wants it; the dry run shows it.
	Requeue Action = "requeue" // queue it again for a worker
	Certify Action = "certify" // hand the receipt in again
)

// Reason says which rule decided. Reasons are stable: they are stored in tombstones and read by auditors.
type Reason string

// The reasons.
const (
	WithinClocks     Reason = "within-clocks"     // Keep: no deadline has passed
	Tombstoned       Reason = "tombstone-kept"    // Keep: erased; the trace is still young
	WorkerHolds      Reason = "worker-may-write"  // Keep: deleted, but a worker may still write
	DeleteRequested  Reason = "delete-requested"  // Erase: a client or operator asked for it
	SubjectRequested Reason = "subject-requested" // Erase: everything about one subject was to go
	FetchedAll       Reason = "fetched"           // Erase: every result was fetched and the task wanted erasure then
	AfterProcessing  Reason = "after-processing"  // Erase: the deadline after processing
	AfterUpload      Reason = "after-upload"      // Erase: the deadline after upload
	TenantWish       Reason = "tenant-wish"       // Erase: the tenant's shorter retention
	NeverUploaded    Reason = "never-uploaded"    // Erase: no document came in time
	NoRecord         Reason = "no-record"         // Erase: storage holds something that no record explains
	LateCopy         Reason = "late-copy"         // Erase: storage holds something of an erased task
	Unreadable       Reason = "record-unreadable" // Erase: past its alarm by its own time, and its record cannot be read
	NoteOld          Reason = "note-expired"      // Forget: a key, a count, an entry of the access log
	EventLost        Reason = "event-lost"        // Requeue: nobody came for the document
	WorkerLost       Reason = "worker-lost"       // Requeue: the lease ran out
	ReceiptWaits     Reason = "receipt-waits"     // Certify: the ledger did not take the receipt
	TombstoneOld     Reason = "tombstone-expired" // Forget: the trace has served its time
	Undatable        Reason = "undatable"         // Erase or Forget: elapsed time does not show how old it is
)

// TaskReasons lists why a task with a record is erased, as its tombstone says.
func TaskReasons() []Reason {
	return []Reason{
		DeleteRequested, SubjectRequested, FetchedAll, AfterProcessing, AfterUpload, TenantWish, NeverUploaded, Undatable,
	}
}

// Decision is one line of a plan.
type Decision struct {
	Subject Subject
	Action  Action
	Reason  Reason
	Due     time.Time // when the action is or was due
	Limit   time.Time // what no copy may outlive; zero where no copy is at stake
	Alarm   bool      // the action is so late that an operator must know
}

// Plan decides what to do with each subject at the given time. The order of the subjects is kept.
func Plan(subjects []Subject, policy Policy, now time.Time) []Decision {
	plan := make([]Decision, 0, len(subjects))
	for _, s := range subjects {
		plan = append(plan, policy.Decide(s, now))
	}
	return plan
}

// Decide is Plan for one subject.
func (p Policy) Decide(s Subject, now time.Time) Decision {
	d := Decision{Subject: s}
	d.Due, d.Limit = p.Due(s)
	undatable := s.Undatable(now)
	if undatable {
		d.Due = now
	}
	d.Action, d.Reason = p.action(s, d.Due, now)
	d.Alarm = d.Action == Erase && !d.Limit.IsZero() && (undatable || !now.Before(d.Limit.Add(p.Alarm-p.Margin)))
	return d
}

func (p Policy) action(s Subject, due, now time.Time) (Action, Reason) {
	ripe := !now.Before(due)
	switch {
	case s.NoRecord:
		return Erase, NoRecord
	case s.Surviving:
		return Erase, LateCopy
	case s.Undatable(now) && !s.Erased.IsZero():
		return Forget, Undatable
	case s.Undatable(now) && s.Deleted.IsZero():
		return Erase, Undatable
	case !s.Erased.IsZero() && ripe:
		return Forget, TombstoneOld
	case !s.Erased.IsZero():
		return Keep, Tombstoned
	case !s.Deleted.IsZero() && ripe:
		return Erase, DeleteRequested
	case !s.Deleted.IsZero():
		return Keep, WorkerHolds
	case !ripe:
		return Keep, WithinClocks
	case s.Uploaded.IsZero() && s.Ended.IsZero():
		return Erase, NeverUploaded
	case s.Wish > 0 && !s.Ended.IsZero() && due.Equal(s.Ended.Add(s.Wish)):
		return Erase, TenantWish
	case !s.Ended.IsZero() && !now.Before(s.Ended.Add(p.Processed-p.Margin)):
		return Erase, AfterProcessing
	default:
		return Erase, AfterUpload
	}
}
