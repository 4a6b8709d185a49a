package verbs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// auditView is what a whole log says. Durations are in seconds.
type auditView struct {
	Origin    string              `json:"origin"`
	Entries   int64               `json:"entries"`
	Root      string              `json:"root"`
	SignedBy  keyView             `json:"signed_by"`
	First     time.Time           `json:"first"`
	Last      time.Time           `json:"last"`
	Complete  time.Time           `json:"complete_until"` // what happened later may not be sequenced yet
	At        time.Time           `json:"audited_at"`
	Keys      []keyView           `json:"keys"` // that signed, oldest first
	Follows   *beforeView         `json:"follows,omitempty"`
	Since     int64               `json:"consistent_since_entries"` // size of the checkpoint given; 0 for none
	Kinds     map[ledger.Kind]int `json:"kinds"`                    // of entries, each counted apart
	ActKinds  map[string]int      `json:"acts,omitempty"`           // of privileged acts, where the access log was given
	Documents int                 `json:"documents"`
	Erased    int                 `json:"documents_with_receipt"`
	Open      int                 `json:"documents_without_receipt"`
	Lost      int                 `json:"documents_lost"` // with a disk: no receipt will come
	Due       *time.Time          `json:"next_receipt_due,omitempty"`
	Silent    int                 `json:"canaries_failed"`
	Findings  int                 `json:"doctor_visits_with_breaches"`

	LongestAfterUpload     *float64       `json:"longest_after_upload_seconds"` // null while there is no receipt
	LongestAfterProcessing *float64       `json:"longest_after_processing_seconds"`
	Reasons                map[string]int `json:"reasons"`
	LimitAfterUpload       float64        `json:"limit_after_upload_seconds,omitempty"` // that was asked for
	LimitAfterProcessing   float64        `json:"limit_after_processing_seconds,omitempty"`

	Corrections []correctionView `json:"clock_corrections"`
	Promises    []judgementView  `json:"promises"`
	Breaches    []breachView     `json:"breaches"`
}

// beforeView is a log that another one was begun after.
type beforeView struct {
	Origin  string      `json:"origin"`
	Entries int64       `json:"entries"`
	Root    string      `json:"root"`
	Folder  string      `json:"folder"`
	Vouched bool        `json:"vouched"`
	Unread  string      `json:"unread,omitempty"`
	Saved   *time.Time  `json:"disk_lost_after,omitempty"` // of which time the saved state is that the next log begins with
	Keys    []keyView   `json:"keys"`
	Follows *beforeView `json:"follows,omitempty"`
}

type correctionView struct {
	At   time.Time `json:"at"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

type judgementView struct {
	Task    string `json:"task"`
	About   string `json:"about"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// breachView is a promise that was not kept.
type breachView struct {
	Name   string `json:"name"` // stable
	Detail string `json:"detail"`
}

func viewAudit(a *ledger.Audit) *auditView {
	v := &auditView{
		Origin: a.Origin, Entries: a.Size, Root: a.Root, SignedBy: viewKey(a.SignedBy), First: a.First, Last: a.Last,
		Complete: a.Reached.Add(-ledger.Sequencing), At: a.At.UTC(), Keys: viewKeys(a.Keys), Follows: viewBefore(a.Follows), Since: a.Since,
		Kinds: map[ledger.Kind]int{}, Documents: a.Documents, Erased: a.Erased, Open: a.Open, Lost: a.Lost, Due: known(a.Due), Silent: a.Silent, Findings: a.Findings,
		Reasons: a.Reasons, LimitAfterUpload: seconds(a.Limits.AfterUpload), LimitAfterProcessing: seconds(a.Limits.AfterProcessing),
		Corrections: []correctionView{}, Promises: []judgementView{}, Breaches: []breachView{},
	}
	for _, kind := range ledger.Kinds() {
		v.Kinds[kind] = a.Kinds[kind]
	}
	if a.Erased > 0 {
		upload, processing := seconds(a.LongestAfterUpload), seconds(a.LongestAfterProcessing)
		v.LongestAfterUpload, v.LongestAfterProcessing = &upload, &processing
	}
	for _, c := range a.Corrections {
		v.Corrections = append(v.Corrections, correctionView(c))
	}
	for _, j := range a.Promises {
		v.Promises = append(v.Promises, judgementView(j))
	}
	for _, b := range a.Breaches {
		name, detail, _ := strings.Cut(b, ": ")
		v.Breaches = append(v.Breaches, breachView{name, detail})
	}
	return v
}

func viewKeys(public []string) []keyView {
	views := []keyView{}
	for _, p := range public {
		views = append(views, viewKey(p))
	}
	return views
}

func viewBefore(b *ledger.Before) *beforeView {
	if b == nil {
		return nil
	}
	return &beforeView{b.Origin, b.Size, b.Root, b.Folder, b.Vouched, b.Unread, known(b.Saved), viewKeys(b.Keys), viewBefore(b.Follows)}
}

// processedAtMost ends the sentence about the longest life.
func (v *auditView) processedAtMost() string {
	if v.LongestAfterProcessing == nil || *v.LongestAfterProcessing == 0 {
		return ""
	}
	return ", or " + span(inSeconds(*v.LongestAfterProcessing)) + " after processing"
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// stateLimits says whether the limits asked for were kept.
func (v *auditView) stateLimits(s *statements, asked ledger.Limits) {
	over := slices.ContainsFunc(v.Breaches, func(b breachView) bool { return b.Name == ledger.OverLimit })
	switch {
	case asked == (ledger.Limits{}):
		s.say(notChecked, "limit", "The limit of a contract: give it with --limit or --limit-after-processing.")
	case v.Erased == 0:
		s.say(waiting, "limit", "Whether the limits asked for were kept: the log has no receipt yet.")
	case !over:
		s.say(proven, "limit", "Every receipt is within the limits asked for.")
	}
}

// statePromises says what became of the promises given.
func (v *auditView) statePromises(s *statements) {
	count := map[string]int{}
	for _, p := range v.Promises {
		count[p.Verdict]++
	}
	if len(v.Promises) == 0 {
		s.say(notChecked, "promises", "Promises that clients kept: give them with --promises.")
	}
	if n := count[ledger.Kept]; n > 0 {
		s.say(proven, "promises", "Promises that were kept, of those given: %d of %d.", n, len(v.Promises))
	}
	if n := count[ledger.Gone]; n > 0 {
		s.say(notProven, "promises", "Promises about documents that a lost disk held: %d of %d. Nobody can tell what became of its copies.", n, len(v.Promises))
	}
	if n := count[ledger.NotYet]; n > 0 {
		s.say(waiting, "promises", "Promises of which the log cannot tell yet: %d of %d.", n, len(v.Promises))
	}
}

// print writes the audit as a table.
func (v *auditView) print(line func(name, format string, args ...any)) {
	line("log", "%s, %d entries from %s to %s", v.Origin, v.Entries, utc(v.First), utc(v.Last))
	for f := v.Follows; f != nil; f = f.Follows {
		line("follows", "%s, which ended with %d entries (root %s)%s", f.Origin, f.Entries, f.Root, f.told())
	}
	line("documents", "%d: %d with a receipt, %d without one in the log", v.Documents, v.Erased, v.Open)
	if v.Lost > 0 {
		line("documents lost", "%d with a disk: no receipt says that their copies are gone", v.Lost)
	}
	if v.LongestAfterUpload == nil {
		line("longest life", "not known: no receipt yet")
	} else {
		line("longest life", "%s after upload%s, of those with a receipt", span(inSeconds(*v.LongestAfterUpload)), v.processedAtMost())
	}
	for _, reason := range slices.Sorted(maps.Keys(v.Reasons)) {
		line("reason "+reason, "%d", v.Reasons[reason])
	}
	for _, kind := range ledger.Kinds() {
		if n := v.Kinds[kind]; n > 0 {
			line("entries "+string(kind), "%d: %s", n, kind.Meaning())
		}
	}
	for _, act := range slices.Sorted(maps.Keys(v.ActKinds)) {
		line("act "+act, "%d", v.ActKinds[act])
	}
	if v.Silent > 0 {
		line("canaries that failed", "%d", v.Silent)
	}
	if v.Findings > 0 {
		line("doctor found breaches", "%d times", v.Findings)
	}
	for _, c := range v.Corrections {
		direction := "ahead"
		if c.To.Before(c.From) {
			direction = "back"
		}
		line("clock corrected", "at %s: %s by %s", utc(c.At), direction, span(c.To.Sub(c.From)))
	}
	for _, j := range v.Promises {
		line(fmt.Sprintf("promise (%s)", j.About), "%s %s: %s", j.Task, j.Verdict, j.Why)
	}
}

// told says how far a log before was read, and who signed it.
func (b *beforeView) told() string {
	told := ": read"
	switch {
	case b.Unread != "":
		told = ": " + b.Unread
	case !b.Vouched:
		told += "; its checkpoint is signed by none of the keys given, so give its public key too"
	}
	if b.Saved != nil {
		told += "; then a disk was lost, and the place made anew from its state of " + utc(*b.Saved)
	}
	return told
}
