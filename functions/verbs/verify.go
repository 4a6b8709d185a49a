package verbs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// verification is one call of lethe verify.
type verification struct {
	connection
	public []string
	file   string // document that the evidence must be about
	log    string // folder or address of a copy of the log
	limits ledger.Limits
	now    time.Time
}

func newVerify(version string) *cobra.Command {
	v := &verification{connection: connection{version: version}}
	cmd := &cobra.Command{
		Use:   "verify RECEIPT|PROMISE|EXPORT --key PUBLIC",
		Short: "Verify a receipt, a promise or an export without the server",
		Long: `Verify a receipt with nothing but the stamp's public key: who signed it, that it belongs to the task it names, and that the
log contains it. What is proven is printed, and beside it what is not proven, what was not checked and what waits for the log.

--file says which document the receipt must be about, --log a copy of the log that must contain it, and --limit how long any copy may
have existed after its upload. --key takes a key or the name of a file with keys, and may be repeated. A signed promise is verified in
the same way; "lethe audit --promises" reports whether it was kept. For a folder that "lethe evidence" wrote every file is
checked, and what can be computed from the log is computed again.
` + SeeExits,
		Example: `  lethe verify scan.receipt --key stamp.pub --file scan.pdf
  lethe verify scan.receipt --key stamp.pub --limit 2h --json
  lethe verify early.receipt --key stamp.pub --log copy/
  lethe verify q4/ --key stamp.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := readKeys(v.public)
			if err != nil {
				return err
			}
			if v.file != "" { // before anything is printed
				if stat, err := os.Stat(v.file); err != nil {
					return File(fmt.Errorf("--file: %w", err))
				} else if stat.IsDir() {
					return File(fmt.Errorf("--file %s is a folder: name the document", v.file))
				}
			}
			v.now = time.Now()
			if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
				return v.export(cmd, folder(args[0]), keys)
			}
			evidence, err := os.ReadFile(args[0])
			if err != nil {
				return File(err)
			}
			if ledger.IsPromise(evidence) {
				return v.promise(cmd.OutOrStdout(), evidence, keys)
			}
			return v.receipt(cmd, evidence, keys)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&v.public, "key", nil, "public key that you trust, or a file with public keys")
	f.StringVar(&v.file, "file", "", "document that the receipt must be about")
	f.StringVar(&v.log, "log", "", "folder or address of a copy of the log that must contain the receipt")
	limitFlags(cmd, &v.limits)
	f.BoolVar(&v.jsonOut, "json", false, "print JSON")
	return cmd
}

// limitFlags are the limits of a contract.
func limitFlags(cmd *cobra.Command, l *ledger.Limits) {
	cmd.Flags().DurationVar(&l.AfterUpload, "limit", 0, "longest that any copy may have existed after its upload, such as 2h")
	cmd.Flags().DurationVar(&l.AfterProcessing, "limit-after-processing", 0, "longest that any copy may have existed after processing, such as 30m")
	Bounds(cmd, "limit", &l.AfterUpload, time.Nanosecond, 0)
	Bounds(cmd, "limit-after-processing", &l.AfterProcessing, time.Nanosecond, 0)
}

// readKeys reads keys given as such or as files with one key on each line.
func readKeys(given []string) ([]string, error) {
	if len(given) == 0 {
		return nil, Usage(errors.New("give the stamp's public key with --key; the service publishes it at /v1/ledger/keys"))
	}
	var keys []string
	for _, g := range given {
		text, err := os.ReadFile(g) //nolint:gosec // the user names the file
		switch {
		case err == nil:
		case strings.Count(g, "+") >= 2 && errors.Is(err, fs.ErrNotExist):
			text = []byte(g)
		default:
			return nil, File(fmt.Errorf("--key: %w", err))
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" {
				keys = append(keys, line)
			}
		}
	}
	if err := ledger.CheckKeys(keys); err != nil {
		return nil, Usage(fmt.Errorf("--key: %w", err))
	}
	return keys, nil
}

// sameFile compares a document with the one that evidence is about.
func sameFile(digest, name string) error {
	f, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return File(err)
	}
	hash := sha256.New()
	_, err = io.Copy(hash, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return File(err)
	}
	switch hex.EncodeToString(hash.Sum(nil)) {
	case digest:
		return nil
	default:
		if digest == "" {
			return ledger.Failed(ledger.ErrIncomplete, "the service never read the document, so that no file can be tied to it")
		}
		return ledger.Failed(ledger.ErrAltered, "it is about another document than %s", name)
	}
}

// receiptView is what a receipt says. Times are those of the program's own clock, which runs by elapsed time.
type receiptView struct {
	Task            string       `json:"task"`
	Document        string       `json:"document"` // "sha256:" and the digest, or "unread"
	Reason          string       `json:"reason"`
	Uploaded        *time.Time   `json:"uploaded,omitempty"`
	Processed       *time.Time   `json:"processed,omitempty"`
	Requested       *time.Time   `json:"erasure_began,omitempty"`
	Erased          time.Time    `json:"erased"`
	AfterUpload     *float64     `json:"erased_after_upload_seconds,omitempty"`
	AfterProcessing *float64     `json:"erased_after_processing_seconds,omitempty"`
	SaysUpload      string       `json:"limit_after_upload"` // what the receipt itself says of 48 hours: kept, missed, unknown or no clock
	SaysProcessing  string       `json:"limit_after_processing"`
	Copies          []copyView   `json:"copies"`
	Region          string       `json:"region"`
	Program         string       `json:"program"`
	ClockOffset     string       `json:"clock_offset,omitempty"` // what UTC was ahead of these times
	SignedBy        keyView      `json:"signed_by"`
	Log             *receiptSpot `json:"log,omitempty"`
}

// copyView is one class of copies that was erased and looked for.
type copyView struct {
	Class   string    `json:"class"`
	Erased  time.Time `json:"erased"`
	Checked time.Time `json:"checked"`
}

// receiptSpot is where a receipt stands in the log.
type receiptSpot struct {
	Entry    int64   `json:"entry"`
	Entries  int64   `json:"entries"`
	Root     string  `json:"root"`
	SignedBy keyView `json:"signed_by"`
}

func viewReceipt(v *ledger.Verdict) *receiptView {
	e := &v.Entry
	r := &receiptView{
		Task: v.Opening.Task, Document: "unread", Reason: e.Value(ledger.FieldReason), Erased: v.Gone(), Copies: []copyView{},
		Uploaded: known(e.Time(ledger.FieldUploaded)), Processed: known(e.Time(ledger.FieldEnded)), Requested: known(e.Time(ledger.FieldRemoved)),
		SaysUpload: e.Value(ledger.FieldUnprocessed), SaysProcessing: e.Value(ledger.FieldProcessed), Region: e.Value(ledger.FieldRegion),
		Program: e.Value(ledger.FieldProgram), ClockOffset: e.Value(ledger.FieldOffset), SignedBy: viewKey(v.Key),
	}
	if v.Opening.Digest != "" {
		r.Document = "sha256:" + v.Opening.Digest
	}
	r.AfterUpload, r.AfterProcessing = since(r.Uploaded, r.Erased), since(r.Processed, r.Erased)
	for _, c := range v.Copies() {
		r.Copies = append(r.Copies, copyView(c))
	}
	if v.Logged {
		r.Log = &receiptSpot{v.Index, v.Size, v.Root, viewKey(v.LogKey)}
	}
	return r
}

func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func since(began *time.Time, gone time.Time) *float64 {
	if began == nil {
		return nil
	}
	lasted := seconds(gone.Sub(*began))
	return &lasted
}

// receipt verifies a receipt and prints what that proves.
func (v *verification) receipt(cmd *cobra.Command, text []byte, keys []string) error {
	var verdict ledger.Verdict
	var audit *ledger.Audit
	var err error
	if v.log == "" {
		verdict, err = ledger.Verify(text, keys)
	} else {
		var src ledger.Source
		if src, err = v.source([]string{v.log}); err != nil {
			return err
		}
		verdict, audit, err = ledger.Locate(cmd.Context(), src, ledger.Examination{Keys: keys, Now: v.now}, text)
	}
	out := receiptCheck{checked: checked{Kind: "receipt"}}
	if verdict.Key != "" { // it is genuine
		out.Receipt = viewReceipt(&verdict)
		err = errors.Join(err, v.judge(&out, &verdict, audit))
	}
	return v.show(cmd.OutOrStdout(), &out, err)
}

// receiptCheck is the check of a receipt.
type receiptCheck struct {
	checked
	Receipt *receiptView `json:"receipt,omitempty"`
}

// judge states what a genuine receipt proves, and returns what is wrong with what it says.
func (v *verification) judge(out *receiptCheck, r *ledger.Verdict, audit *ledger.Audit) error {
	s, view := &out.Statements, out.Receipt
	s.say(proven, "signature", "%s signed this receipt, and no line was altered since.", view.SignedBy)
	s.say(proven, "task", "It is about this task%s: its nonce opens what the log has in their place.", map[bool]string{true: " and this document"}[r.Opening.Digest != ""])
	var errs []error
	if v.file != "" {
		if err := sameFile(r.Opening.Digest, v.file); err != nil {
			return err
		}
		s.say(proven, "document", "The document is %s: it has the same SHA-256.", v.file)
	} else {
		s.say(notChecked, "document", "Which document it was: compare yours with --file.")
	}
	errs = append(errs, v.limited(s, r))
	v.logged(s, r, audit)
	s.foreignKey()
	s.say(notProven, "statement", "That the copies are gone, and when the document came: the program says so itself. The signed acceptance of the document, if you kept it, "+
		"shows that the log tells the same life that you were promised (lethe audit --promises).")
	if ahead := r.Entry.At.Sub(v.now); ahead > ledger.Sequencing && view.ClockOffset == "" {
		s.say(notProven, "clock", "When it was: the receipt's time is %s ahead of this machine's clock, so that one of the two is wrong.", span(ahead))
	}
	if !r.Logged && audit == nil {
		errs = append(errs, ledger.Failed(ledger.ErrNotLogged, "the receipt is genuine and not yet logged: fetch it again in some minutes, or give a copy of the log with --log"))
	}
	return errors.Join(errs...)
}

// limited compares the receipt's own times with the promise and with the limits asked for.
func (v *verification) limited(s *statements, r *ledger.Verdict) error {
	if v.limits == (ledger.Limits{}) {
		s.say(notChecked, "limit", "The limit of a contract: give it with --limit or --limit-after-processing.")
	}
	for _, l := range []struct {
		name, after, field string
		limit              time.Duration
	}{
		{"limit", "upload", ledger.FieldUploaded, v.limits.AfterUpload},
		{"limit_after_processing", "processing", ledger.FieldEnded, v.limits.AfterProcessing},
	} {
		began := r.Entry.Time(l.field)
		switch lasted := r.Gone().Sub(began); {
		case l.limit == 0:
		case began.IsZero():
			s.say(notChecked, l.name, "The limit of %s after %s: the receipt says that there was none.", span(l.limit), l.after)
		case lasted > l.limit:
			return ledger.Failed(ledger.ErrBroken, "the last copy was erased %s after %s, and the limit is %s", lasted.Round(time.Millisecond), l.after, l.limit)
		default:
			s.say(proven, l.name, "By the receipt's times the last copy was erased %s after %s: within %s.", span(lasted), l.after, span(l.limit))
		}
	}
	for _, field := range []string{ledger.FieldProcessed, ledger.FieldUnprocessed} {
		if r.Entry.Value(field) == "missed" {
			return ledger.Failed(ledger.ErrBroken, "the receipt itself says that the promise was not kept: %s missed", field)
		}
	}
	return nil
}

// logged states what is known of the receipt's place in the log.
func (v *verification) logged(s *statements, r *ledger.Verdict, audit *ledger.Audit) {
	switch {
	case r.Logged && audit != nil:
		s.say(proven, "log", "The log in %s, every entry of which was read, contains it as entry %d of %d. Its checkpoint is signed by %s.", v.log, r.Index, r.Size, viewKey(r.LogKey))
	case r.Logged:
		s.say(proven, "log", "A log of %d entries contains it as entry %d. Its checkpoint is signed by %s.", r.Size, r.Index, viewKey(r.LogKey))
		s.say(notChecked, "whole_log", "The rest of that log: `lethe audit` reads it.")
	default:
		s.say(waiting, "log", "The log does not contain the receipt yet. Entries are added within minutes, and count as missing after %s.", span(ledger.Sequencing))
	}
	if r.Logged {
		s.say(notProven, "one_log", "That everybody is shown this same log: a checkpoint or a copy that was kept elsewhere shows it (lethe audit --since).")
	}
}

// show prints the check of a receipt and returns why it does not convince.
func (v *verification) show(w io.Writer, out *receiptCheck, err error) error {
	if v.jsonOut {
		if err != nil && outcomeOf(err) == "" {
			return err
		}
		out.conclude(err)
		return errors.Join(printJSON(w, out), err)
	}
	if r := out.Receipt; r != nil {
		if err := r.print(w); err != nil {
			return err
		}
		out.Statements.print(w)
	}
	return err
}

// print writes what the receipt says.
func (r *receiptView) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, Printable(fmt.Sprintf(format, args...)))
	}
	at := func(name string, at *time.Time, none string) {
		if at == nil {
			line(name, "%s", none)
			return
		}
		line(name, "%s", utc(*at))
	}
	line("task", "%s", r.Task)
	line("document", "%s", r.Document)
	at("uploaded", r.Uploaded, "never: no document came")
	at("processing ended", r.Processed, "never")
	if r.Requested != nil {
		line("erasure began", "%s (%s)", utc(*r.Requested), r.Reason)
	}
	line("erased and checked", "%s%s%s", utc(r.Erased), lasted(r.AfterUpload, "upload"), lasted(r.AfterProcessing, "processing"))
	classes := make([]string, len(r.Copies))
	for i, c := range r.Copies {
		classes[i] = c.Class
	}
	line("classes of copies", "%s", strings.Join(classes, ", "))
	line("24 h after processing", "%s, says the receipt", r.SaysProcessing)
	line("48 h after upload", "%s, says the receipt", r.SaysUpload)
	line("region", "%s", r.Region)
	line("program", "%s", r.Program)
	if r.ClockOffset != "" {
		line("clock", "UTC was %s ahead of these times, which go on undisturbed when a clock is corrected", r.ClockOffset)
	}
	if r.Log != nil {
		line("log", "entry %d of %d", r.Log.Entry, r.Log.Entries)
	} else {
		line("log", "not yet logged")
	}
	return table.Flush()
}

func lasted(s *float64, after string) string {
	if s == nil {
		return ""
	}
	return ", " + span(time.Duration(*s*float64(time.Second))) + " after " + after
}
