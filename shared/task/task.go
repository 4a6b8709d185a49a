// Package task has the task record with its states, and the Service that every function calls, however it was triggered.
// Every transition is one compare-and-swap on the record, so that triggers may fire twice, concurrently, late or never.
package task

import (
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/metering"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
)

// State is where a task stands.
type State string

// The states. Deleted is final; everything else ends there.
const (
	Submitted        State = "Submitted"        // accepted; waits for its document
	Queued           State = "Queued"           // the document is here; waits for a worker
	InProgress       State = "InProgress"       // a worker holds the lease, or the workers of its parts do
	Completed        State = "Completed"        // results can be fetched
	ProcessingFailed State = "ProcessingFailed" // ended without results; Failure explains
	Deleted          State = "Deleted"          // a content-free tombstone
)

// States lists every state in the order in which a task reaches them.
func States() []State {
	return []State{Submitted, Queued, InProgress, Completed, ProcessingFailed, Deleted}
}

// Open reports whether work is still to be done.
func (s State) Open() bool { return s == Submitted || s == Queued || s == InProgress }

// Ended reports whether processing ended and the task was not deleted.
func (s State) Ended() bool { return s == Completed || s == ProcessingFailed }

// FormatVersion is the newest version of the record's encoding. A record of a newer version is refused, never overwritten; the
// fields of an older one keep their meaning. Version 3 is that of tasks in parts: a program that does not know these would take them
// for abandoned, or erase under their workers. Version 2 is that of tasks with several pictures, with text of clients, or that can
// be processed again: a program that does not know these would take the first picture for the document. The others stay 1.
const FormatVersion = 3

// MaxAttempts is how often processing is begun before a task fails.
const MaxAttempts = 5

// MaxDeaths is how often a process may die over a document that it reads alone before the task fails.
const MaxDeaths = 2

// Task is the record of one document. It holds no content, and no text from the client but Client and the document's password,
// which goes when processing ends.
type Task struct {
	Version  int       `json:"v"`
	Ref      Ref       `json:"ref"`
	State    State     `json:"state"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Uploaded time.Time `json:"uploaded,omitzero"` // when the document, or its first picture, appeared, by storage's clock
	Ended    time.Time `json:"ended,omitzero"`    // when processing ended first: what its deadline counts from
	Counted  time.Time `json:"counted,omitzero"`  // when what it counts for last changed: as open, or in bytes
	Removed  time.Time `json:"removed,omitzero"`  // when a delete was accepted or a deadline passed
	Erased   time.Time `json:"erased,omitzero"`   // when the check found no copy left

	Nonce    string             `json:"nonce,omitempty"`    // opens the commitments in the ledger; gone with the tombstone
	Evidence []erasure.Evidence `json:"evidence,omitempty"` // of the erasure, by class
	Logged   bool               `json:"logged,omitempty"`   // the receipt was handed to the ledger

	Uncounted []metering.Ending `json:"uncounted,omitempty"` // ends of processing that are not in the usage of a day yet, or not for sure

	Noticed int      `json:"noticed,omitempty"` // the last sequence that was given to a notice
	Notices []Notice `json:"notices,omitempty"` // that were not published yet, or not for sure

	Terms    Terms      `json:"terms,omitzero"` // what was promised at the creation
	Settings Settings   `json:"settings,omitzero"`
	Client   ClientText `json:"client,omitzero"`
	Password string     `json:"password,omitempty"`  // in the clear, as an earlier program stored it in some places
	Sealed   []byte     `json:"sealed,omitempty"`    // the password, sealed
	SealedBy string     `json:"sealed_by,omitempty"` // name of the key; empty where an earlier program sealed it
	Subject  string     `json:"subject,omitempty"`   // digest of the client's tag; not kept in a tombstone
	LinkEnds time.Time  `json:"link_ends,omitzero"`  // when the latest upload link expires
	Attempt  string     `json:"attempt,omitempty"`   // random; of the last call that was given the task to send a document to
	Input    Input      `json:"input,omitzero"`

	Held     bool            `json:"held,omitempty"`     // Submitted, and takes pictures until Start is called
	Pictures []StoredPicture `json:"pictures,omitempty"` // in order of submission; none where the document came as one file
	Numbered int             `json:"numbered,omitempty"` // the last number that was given to a picture
	Upload   UploadRule      `json:"upload,omitempty"`   // until when the upload is kept; empty in records from before there was a choice

	Started    time.Time `json:"started,omitzero"`     // when Start was called last
	Round      int       `json:"round,omitempty"`      // of processing; 0 for the first, from 2 on for those after it
	EndedAgain time.Time `json:"ended_again,omitzero"` // when the last round ended, from the second on

	Chosen  []string         `json:"chosen,omitempty"` // languages, of auto: every page is read in them
	Pages   Progress         `json:"pages,omitzero"`
	Reading time.Time        `json:"reading,omitzero"` // when a worker first took the document in hand, in this round
	Parts   *Parts           `json:"parts,omitempty"`  // while several workers read the document
	Results []Result         `json:"results,omitempty"`
	Failure *Failure         `json:"failure,omitempty"`
	Notes   []ocr.NoteSum    `json:"notes,omitempty"`  // of a completed task: what its results are not as expected in
	Reason  retention.Reason `json:"reason,omitempty"` // why it was removed
	Fetched []render.Format  `json:"fetched,omitempty"`

	LinksTold time.Time `json:"links_told,omitzero"` // until when the links are good that are in the access log

	Confidence *ocr.Confidence `json:"confidence,omitempty"` // of a completed task

	HiddenWords int `json:"hidden_words,omitempty"` // of text layers, left out of the results because they do not show

	PartsHeld time.Time `json:"parts_held,omitzero"` // once several workers are to let go of the document: until when one may still write

	Transfers map[string]time.Time `json:"transfers,omitempty"` // open ones, by id, where several processes have them: their latest ends
	Streamed  time.Time            `json:"streamed,omitzero"`   // of a tombstone: no process has a transfer open from then on

	Claims // of the task itself

	etag string // of the record as read
}

// Settings is how a client wants a document treated.
type Settings struct {
	Languages     []string        `json:"languages"`       // as asked for; auto alone to have them chosen
	Among         []string        `json:"among,omitempty"` // that auto may choose from; none for all that are installed
	Formats       []render.Format `json:"formats"`
	Profile       ocr.Profile     `json:"profile"`
	OnPageError   OnPageError     `json:"on_page_error"`
	Retain        time.Duration   `json:"retain,omitempty"` // shorter retention after processing; zero for the policy's
	DeleteOnFetch bool            `json:"delete_on_fetch,omitempty"`

	KeepHidden bool                `json:"keep_hidden,omitempty"`
	KeepActive bool                `json:"keep_active,omitempty"`
	Signature  ocr.SignaturePolicy `json:"signature,omitempty"`

	RemovePassword bool `json:"remove_password,omitempty"`

	Render render.Options `json:"render,omitzero"`

	Letters  string   `json:"letters,omitempty"`  // the only characters that may occur; empty for all
	Barcodes Barcodes `json:"barcodes,omitempty"` // whether they are looked for

	ReviewBelow float64 `json:"review_below,omitempty"` // confidence, 0 to 100; see ocr.Account

	Pages     ocr.PageRanges `json:"pages,omitempty"` // that are read; empty for all
	KeepPages bool           `json:"keep_pages,omitempty"`

	Size int64 `json:"size,omitempty"` // of the document, as the client announces it; 0 if it does not
}

// pdf says how the searchable PDF is written.
func (s Settings) pdf() ocr.PDFOptions {
	return ocr.PDFOptions{
		KeepHidden: s.KeepHidden, KeepActive: s.KeepActive, Signature: s.Signature, RemovePassword: s.RemovePassword,
		Pages: s.Pages, KeepPages: s.KeepPages,
	}
}

// Barcodes says what bar codes are to a task.
type Barcodes string

// The choices.
const (
	BarcodesShown Barcodes = ""     // looked for where a format shows them
	NoBarcodes    Barcodes = "none" // not looked for
	OnlyBarcodes  Barcodes = "only" // all that is wanted of a page
)

// features returns what is to be found on pages.
func (s Settings) features() ocr.Features {
	f := render.Needs(s.Formats, s.Render)
	switch s.Barcodes {
	case NoBarcodes:
		f.Barcodes = false
	case OnlyBarcodes:
		f.Barcodes = true
	}
	return f
}

// OnPageError says what one unreadable page does to its document.
type OnPageError string

// The choices.
const (
	ContinueOnPageError OnPageError = "continue" // the page is marked in an otherwise complete result
	FailOnPageError     OnPageError = "fail"     // the document fails
)

// OnPageErrors lists what a page error may do, the default first.
func OnPageErrors() []OnPageError { return []OnPageError{ContinueOnPageError, FailOnPageError} }

// Input describes the document.
type Input struct {
	Size   int64  `json:"size,omitempty"`
	Type   string `json:"type,omitempty"`   // media type by content
	Digest string `json:"digest,omitempty"` // SHA-256 of its bytes in hex, once this program has read them; of several pictures that of their SHA-256 in order
	// Received is Digest where the bytes came through this program, known from the first on. It stands in the promise.
	Received string `json:"received,omitempty"`
}

// Progress counts the pages that are to be read: those of the document, or those that were asked for.
type Progress struct {
	Total  int `json:"total,omitempty"`
	Done   int `json:"done,omitempty"`
	Failed int `json:"failed,omitempty"`
}

// TimeLeft estimates how long the pages take that are still to be read, as of when the record was last written: as long, by page, as
// those that are done. It is zero while there is nothing to go by, and when all are.
func (t *Task) TimeLeft() time.Duration {
	if t.State != InProgress || t.Reading.IsZero() || t.Pages.Done == 0 {
		return 0
	}
	return max(0, t.Updated.Sub(t.Reading)) * time.Duration(t.Pages.Total-t.Pages.Done) / time.Duration(t.Pages.Done)
}

// count counts one page as done.
func (p *Progress) count(failed bool) {
	p.Done++
	if failed {
		p.Failed++
	}
}

// Result is one result that can be fetched.
type Result struct {
	Format render.Format `json:"format"`
	Size   int64         `json:"size"`
}

// Failure is the stored explanation of a failed task.
type Failure struct {
	Code   fault.Code `json:"code"`
	Detail string     `json:"detail"`
}

// LastEnded returns when processing ended last, zero if it did not.
func (t *Task) LastEnded() time.Time { return later(t.Ended, t.EndedAgain) }

// format is the version that the record needs.
func (t *Task) format() int {
	if t.Parts != nil || !t.PartsHeld.IsZero() {
		return FormatVersion
	}
	if t.Held || len(t.Pictures) > 0 || t.Upload == UntilDeadline || t.Round > 0 || !t.Client.empty() || t.Settings.Letters != "" {
		return 2
	}
	return 1
}

// Deadline returns the time that nothing of the document outlives, and when its erasure is due. Both are zero for a
// tombstone.
func (t *Task) Deadline(p retention.Policy) (due, limit time.Time) {
	if t.State == Deleted {
		return time.Time{}, time.Time{}
	}
	return p.Due(t.subject())
}

// subject is the task as the retention plan sees it.
func (t *Task) subject() retention.Subject {
	s := retention.Subject{
		Key:      t.Ref.String(),
		Created:  t.Created,
		Uploaded: t.Uploaded,
		Ended:    t.Ended,
		Deleted:  t.Removed,
		Erased:   t.Erased,
		Wish:     t.Settings.Retain,
	}
	if t.State == Deleted {
		s.Held = later(t.Streamed, t.PartsHeld)
		if !t.Lease.Expires.IsZero() {
			s.Held = later(s.Held, t.Lease.Expires.Add(longestWrite))
		}
	}
	return s
}
