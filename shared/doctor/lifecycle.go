package doctor

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Rule is a lifecycle rule of an account that deletes.
type Rule struct {
	Prefixes   []string // a container and a slash, and more; none for everything
	BlobTypes  []string // blockBlob, appendBlob
	Days       int      // whole days after which the rule deletes
	ByCreation bool     // the days count from creation, which nothing moves
	Narrowed   bool     // a condition on tags leaves blobs out
}

// Backstop returns in whole days, for each container that holds something of documents, when the storage's own lifecycle
// rule deletes what the program did not: never before a legitimate document's deadline, and as soon after as whole days allow.
// Work and dead letters belong to documents that are not processed yet. The ledger has no such day.
func Backstop(p retention.Policy) map[string]int {
	processed, unprocessed := days(p.Processed), days(p.Unprocessed)
	return map[string]int{
		storage.Uploads:     unprocessed,
		storage.Work:        unprocessed,
		storage.Results:     processed,
		storage.DeadLetters: unprocessed,
	}
}

// days rounds up to whole days.
func days(d time.Duration) int {
	const day = 24 * time.Hour
	return int((d + day - 1) / day)
}

// lifecycle reports everything that is wrong with the rules together: they are deployed together.
func (a Account) lifecycle(u unseen, s Stamp) Finding {
	if a.Rules == nil {
		return u.unknown(Lifecycle)
	}
	if wrong := offClock(*a.Rules, s.Policy); len(wrong) > 0 {
		return breach(Lifecycle, "%s", strings.Join(wrong, "; "))
	}
	return fine(Lifecycle, "%d containers on their clocks", len(Backstop(s.Policy)))
}

// offClock says which containers the rules delete too early, too late or not at all, and whether they touch the ledger.
func offClock(rules []Rule, p retention.Policy) []string {
	var wrong []string
	backstop := Backstop(p)
	for _, container := range storage.Containers() {
		want, documents := backstop[container]
		if !documents {
			if slices.ContainsFunc(rules, func(r Rule) bool { return r.touches(container) }) {
				wrong = append(wrong, container+" is deleted by a rule")
			}
			continue
		}
		first, last, covered := span(rules, container)
		switch {
		case !covered:
			wrong = append(wrong, "no rule covers all of "+container)
		case first < want:
			wrong = append(wrong, fmt.Sprintf("%s is deleted after %d days, before its clock of %d", container, first, want))
		case last > want:
			wrong = append(wrong, fmt.Sprintf("%s is deleted after %d days, possible is %d", container, last, want))
		}
	}
	return wrong
}

// span returns after how many days the first thing in the container is deleted and after how many the last, if the rules
// cover all of it.
func span(rules []Rule, container string) (first, last int, covered bool) {
	first, last = math.MaxInt, math.MaxInt
	for _, r := range rules {
		if r.touches(container) {
			first = min(first, r.Days)
		}
		if r.covers(container) {
			last, covered = min(last, r.Days), true
		}
	}
	return first, last, covered
}

// touches reports whether the rule may delete something in the container.
func (r Rule) touches(container string) bool {
	all := container + "/"
	return len(r.Prefixes) == 0 || slices.ContainsFunc(r.Prefixes, func(p string) bool {
		return strings.HasPrefix(all, p) || strings.HasPrefix(p, all)
	})
}

// covers reports whether the rule deletes whatever is in the container. An upload link can make block and append blobs.
func (r Rule) covers(container string) bool {
	all := len(r.Prefixes) == 0 || slices.ContainsFunc(r.Prefixes, func(p string) bool { return strings.HasPrefix(container+"/", p) })
	return all && r.ByCreation && !r.Narrowed && slices.Contains(r.BlobTypes, "blockBlob") && slices.Contains(r.BlobTypes, "appendBlob")
}
