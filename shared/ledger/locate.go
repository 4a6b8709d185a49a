package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// placed is an entry with its place in its log.
type placed struct {
	Entry
	index int64
}

// Locate verifies a receipt, and looks for it in a whole log that is checked as Check does. So a receipt that was fetched before its
// entry was sequenced is proved to be logged, and of an altered one it is said which line differs from the log. A receipt that the log
// does not contain is an error that is ErrNotLogged while its entry may still be sequenced, and ErrBroken later.
func Locate(ctx context.Context, src Source, x Examination, receipt []byte) (Verdict, *Audit, error) {
	claim, unreadable := Said(receipt)
	a, err := check(ctx, src, x, claim.Opening.Subject())
	if err != nil {
		return Verdict{}, nil, err
	}
	v, err := a.trusted.verify(receipt)
	if errors.Is(err, ErrAltered) && unreadable == nil && len(a.found) > 0 {
		if lines := differences(claim.Entry, a.found[0].Entry); lines != "" {
			err = Failed(ErrAltered, "the receipt was altered. The log has its entry with other lines: %s", lines)
		}
	}
	if err != nil {
		return Verdict{}, &a.Audit, err
	}
	i := slices.IndexFunc(a.found, func(p placed) bool { return p.Text() == v.Entry.Text() })
	switch {
	case i >= 0:
		v.Logged, v.Index, v.Size, v.Root, v.LogKey = true, a.found[i].index, a.Size, a.Root, a.SignedBy
		return v, &a.Audit, nil
	case len(a.found) > 0:
		return v, &a.Audit, Failed(ErrBroken, "the receipt is genuine, and the log has another one about the same task, with other lines: %s", differences(v.Entry, a.found[0].Entry))
	case v.Entry.At.Before(a.Reached.Add(-Sequencing)):
		return v, &a.Audit, Failed(ErrBroken, "the receipt is genuine, and the log does not contain it, although it tells of what happened until %s", utc(a.Reached))
	default:
		v.Logged = false
		return v, &a.Audit, Failed(ErrNotLogged, "the receipt is genuine, and younger than what this log tells of: its youngest entry is of %s", utc(a.Reached))
	}
}

// differences names the lines of an entry that are not those of the log.
func differences(claimed, logged Entry) string {
	lines := func(e Entry) []string { return strings.Split(strings.TrimSpace(e.Text()), "\n") }
	var named []string
	has, says := lines(logged), lines(claimed)
	for _, line := range says {
		if !slices.Contains(has, line) {
			named = append(named, fmt.Sprintf("the receipt says %q", line))
		}
	}
	for _, line := range has {
		if !slices.Contains(says, line) {
			named = append(named, fmt.Sprintf("the log says %q", line))
		}
	}
	return strings.Join(named, ", ")
}
