package verbs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// inquiry is one call of lethe audit.
type inquiry struct {
	connection
	public      []string
	promises    []string
	since, save string
	acts        string // file with the access log
	limits      ledger.Limits
}

func newAudit(version string) *cobra.Command {
	q := &inquiry{connection: connection{version: version}}
	cmd := &cobra.Command{
		Use:   "audit [LOG] --key PUBLIC [--promises FILE...]",
		Short: "Verify the whole ledger and compute how long any document existed",
		Long: `Read a whole ledger, verify every entry and signature, and compute how long documents existed. LOG is the folder or address of
a copy; without it the server's ledger is read. What is proven is printed, and beside it what is not proven, what was not checked
and what waits for the log: a document without a receipt in the log may be gone, with its receipt on the way.

--since proves that the log has only grown since that checkpoint: keep the one that --save writes for the next audit. --promises
compares signed promises with the ledger: each was kept, is pending, or was broken. --limit checks a shorter limit than the promise.
--access-log says what the privileged acts were, to which the ledger holds commitments only: the file is what
"lethe access-log --json" prints. If this ledger replaced an earlier one, the earlier ones are read first.` + connectionHelp(),
		Example: `  lethe audit --key stamp.pub --save monday.checkpoint
  lethe audit --key stamp.pub --since monday.checkpoint
  lethe audit ./copy-of-the-ledger --key stamp.pub --limit 2h
  lethe audit --key stamp.pub --promises out/*.promise`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return q.run(cmd, args)
		},
	}
	q.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&q.public, "key", nil, "public key that you trust, or a file with public keys")
	f.StringVar(&q.since, "since", "", "checkpoint kept from an earlier audit")
	f.StringArrayVar(&q.promises, "promises", nil, "signed promise, as lethe submit keeps it beside the results; may be repeated, and be a pattern")
	f.StringVar(&q.acts, "access-log", "", "file with the access log, whose entries must be in the ledger")
	limitFlags(cmd, &q.limits)
	f.StringVar(&q.save, "save", "", "write the checkpoint here, for the next audit")
	return cmd
}

func (q *inquiry) run(cmd *cobra.Command, args []string) error {
	args, more := promiseFiles(args, len(q.promises) > 0)
	if len(args) > 1 {
		return Usage(fmt.Errorf("give one ledger to audit, not %d", len(args)))
	}
	keys, err := readKeys(q.public)
	if err == nil && q.save != "" {
		err = outputFile("--save", q.save) // before the whole ledger is read
	}
	if err != nil {
		return err
	}
	src, err := q.source(args)
	if err != nil {
		return err
	}
	x := ledger.Examination{Keys: keys, Limits: q.limits, Now: time.Now()}
	if q.since != "" {
		if x.Since, err = os.ReadFile(q.since); err != nil {
			return File(fmt.Errorf("--since: %w", err))
		}
	}
	named, err := matches(append(q.promises, more...))
	if err != nil {
		return err
	}
	for _, name := range named {
		text, err := os.ReadFile(name) //nolint:gosec // the user names the files
		if err != nil {
			return File(err)
		}
		x.Promises = append(x.Promises, text)
	}
	var acts *actLog
	if q.acts != "" {
		if acts, err = readActs(q.acts); err != nil {
			return err
		}
		x.Visit = acts.visit
	}
	out := auditCheck{checked: checked{Kind: "log"}}
	audit, err := ledger.Check(cmd.Context(), src, x)
	if p, ok := errors.AsType[*ledger.PromiseError](err); ok {
		err = fmt.Errorf("%s: %w", named[p.Index], p.Err)
	}
	if err == nil {
		if q.save != "" {
			if err := os.WriteFile(q.save, audit.Checkpoint, 0o600); err != nil {
				return err
			}
		}
		out.Log = viewAudit(audit)
		out.state(audit, q.acts != "")
		err = errors.Join(acts.judge(&out, audit), verdictOn(audit))
	}
	return q.show(cmd.OutOrStdout(), &out, err)
}

// verdictOn is the error of an audit that found a breach.
func verdictOn(a *ledger.Audit) error {
	if len(a.Breaches) == 0 {
		return nil
	}
	return ledger.Failed(ledger.ErrBroken, "the log is genuine and shows that a promise or a limit was not kept: breaches: %d", len(a.Breaches))
}

// auditCheck is the check of a log.
type auditCheck struct {
	checked
	Log *auditView `json:"log,omitempty"`
}

// state says what the audit proves and what not.
func (out *auditCheck) state(a *ledger.Audit, acts bool) {
	s, v := &out.Statements, out.Log
	s.say(proven, "signature", "%s signed the checkpoint of this log of %d entries, and each entry belongs to it.", v.SignedBy, a.Size)
	if a.Since > 0 {
		s.say(proven, "only_grown", "The log has only grown since your checkpoint of %d entries.", a.Since)
	} else {
		s.say(notChecked, "only_grown", "That the log was not rewritten since an earlier audit: keep a checkpoint with --save, and give it with --since.")
	}
	if a.Erased > 0 {
		s.say(proven, "lifetimes", "The longest that a document with a receipt existed, by the log's own times: %s after upload%s.", span(a.LongestAfterUpload), v.processedAtMost())
	}
	v.stateLimits(s, a.Limits)
	v.statePromises(s)
	if a.Kinds[ledger.Access] > 0 && !acts {
		s.say(notChecked, "acts", "What the privileged acts were: the log holds commitments to them. Read them with `lethe access-log --json`, and give them with --access-log.")
	}
	s.foreignKey()
	s.say(notProven, "statement", "That copies are gone, and when documents came: the entries are the program's own statements.")
	s.say(notProven, "every_document", "That every document is in the log: only the signed acceptance that a client kept shows that a document is missing (--promises).")
	s.say(notProven, "one_log", "That everybody is shown this same log: compare checkpoints with others who keep one, or keep copies elsewhere (lethe ledger save).")
	s.say(waiting, "lag", "What happened after %s may not be in the log yet: entries count as missing after %s.", utc(v.Complete), span(ledger.Sequencing))
	if a.Lost > 0 {
		s.say(notProven, "lost", "That the copies of %d documents are gone, which the log knew when a disk was lost: its owner has to tell what became of the disk.", a.Lost)
	}
	if a.Open > 0 {
		s.say(waiting, "receipts", "Documents without a receipt in the log: %d. They exist, or are gone and their receipt waits. The first receipt is due by %s.", a.Open, utc(a.Due))
	}
}

func (q *inquiry) show(w io.Writer, out *auditCheck, err error) error {
	if q.jsonOut {
		if err != nil && outcomeOf(err) == "" {
			return err
		}
		out.conclude(err)
		return errors.Join(printJSON(w, out), err)
	}
	if out.Log != nil {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		out.Log.print(func(name, format string, args ...any) {
			fmt.Fprintf(table, "%s\t%s\n", name, Printable(fmt.Sprintf(format, args...)))
		})
		if err := table.Flush(); err != nil {
			return fmt.Errorf("write output: %w", err)
		}
		out.Statements.print(w)
		for i, b := range out.Log.Breaches {
			if i == 0 {
				fmt.Fprint(w, "\nBreaches:\n")
			}
			fmt.Fprintf(w, "  %s: %s\n", b.Name, Printable(b.Detail))
		}
	}
	return err
}

// promiseFiles separates the files with promises from the ledger, which is none: a shell that expands a pattern after --promises
// leaves all but the first to the arguments.
func promiseFiles(args []string, wanted bool) (rest, files []string) {
	for _, arg := range args {
		if info, err := os.Stat(arg); wanted && err == nil && info.Mode().IsRegular() {
			files = append(files, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	return rest, files
}

// matches lists the files that patterns name. A pattern that names none is a mistake.
func matches(patterns []string) ([]string, error) {
	var all []string
	for _, pattern := range patterns {
		names := []string{pattern}
		if _, err := os.Stat(pattern); err != nil {
			if names, err = filepath.Glob(pattern); err != nil {
				return nil, Usage(fmt.Errorf("%s is not a valid file name pattern", Printable(pattern)))
			}
		}
		if len(names) == 0 {
			return nil, File(fmt.Errorf("%s: no such file", Printable(pattern)))
		}
		all = append(all, names...)
	}
	return all, nil
}
