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

func newAudit(version string) *cobra.Command {
	c := &connection{version: version}
	var public []string
	var promises []string
	var since, save string
	cmd := &cobra.Command{
		Use:   "audit [LOG] --key PUBLIC [--promises FILE...]",
		Short: "Verify the whole ledger and compute how long any document existed",
		Long: `Read a whole ledger, verify every entry and signature, and compute how long documents existed. LOG is the folder or address of
a copy; without it the server's ledger is read. --since proves that the log has only grown since that checkpoint: keep the
one that --save writes for the next audit. --promises compares signed promises with the ledger: each was kept, is pending, or was
broken. If this ledger replaced an earlier one, the earlier ones are read first. Exit code 1 means that a promise was broken.` + connectionHelp(),
		Example: `  lethe audit --key stamp.pub --save monday.checkpoint
  lethe audit --key stamp.pub --since monday.checkpoint
  lethe audit ./copy-of-the-ledger --key stamp.pub
  lethe audit --key stamp.pub --promises out/*.promise`,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, more := promiseFiles(args, len(promises) > 0)
			if len(args) > 1 {
				return Usage(fmt.Errorf("give one ledger to audit, not %d", len(args)))
			}
			keys, err := readKeys(public)
			if err != nil {
				return Usage(err)
			}
			src, err := c.source(args)
			if err != nil {
				return err
			}
			var kept []byte
			if since != "" {
				if kept, err = os.ReadFile(since); err != nil { //nolint:gosec // the user names the file
					return Usage(err)
				}
			}
			held, err := readFiles(append(promises, more...))
			if err != nil {
				return Usage(err)
			}
			audit, err := ledger.Check(cmd.Context(), src, ledger.Examination{Keys: keys, Since: kept, Promises: held, Now: time.Now()})
			if err != nil {
				return err
			}
			if save != "" {
				if err := os.WriteFile(save, audit.Checkpoint, 0o600); err != nil {
					return err
				}
			}
			return c.showAudit(cmd.OutOrStdout(), audit)
		},
	}
	c.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&public, "key", nil, "public key that you trust, or a file with public keys")
	f.StringVar(&since, "since", "", "checkpoint kept from an earlier audit")
	f.StringArrayVar(&promises, "promises", nil, "signed promise, as lethe submit keeps it beside the results; may be repeated, and be a pattern")
	f.StringVar(&save, "save", "", "write the checkpoint here, for the next audit")
	return cmd
}

func (c *connection) showAudit(w io.Writer, a *ledger.Audit) error {
	if c.jsonOut {
		if err := printJSON(w, a); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(table, "ledger\t%s\n", Printable(a.Origin))
		fmt.Fprintf(table, "entries\t%d, from %s to %s\n", a.Size, a.First.Format(time.RFC3339), a.Last.Format(time.RFC3339))
		for f := a.Follows; f != nil; f = f.Follows {
			fmt.Fprintf(table, "follows\t%s, which ended with %d entries (root %s)%s\n", Printable(f.Origin), f.Size, Printable(f.Root), told(f))
		}
		if a.Since > 0 {
			fmt.Fprintf(table, "consistent\twith your checkpoint of %d entries\n", a.Since)
		}
		fmt.Fprintf(table, "documents\t%d, of them %d erased with a receipt and %d not erased yet\n", a.Documents, a.Erased, a.Open)
		for _, c := range a.Corrections {
			fmt.Fprintf(table, "clock corrected\tat %s by %s\n", c.At.Format(time.RFC3339), c.To.Sub(c.From).Round(time.Second))
		}
		fmt.Fprintf(table, "longest time\t%s after upload, %s after processing\n", a.LongestAfterUpload, a.LongestAfterProcessing)
		fmt.Fprintf(table, "orphans\t%d\nprivileged acts\t%d\nbreaches\t%d\n", a.Strays, a.Acts, len(a.Breaches))
		for _, j := range a.Promises {
			fmt.Fprintf(table, "promise (%s)\t%s %s: %s\n", j.About, Printable(j.Task), j.Verdict, j.Why)
		}
		for _, b := range a.Breaches {
			fmt.Fprintf(table, "\t%s\n", b)
		}
		if err := table.Flush(); err != nil {
			return fmt.Errorf("write output: %w", err)
		}
	}
	if len(a.Breaches) > 0 {
		return fmt.Errorf("the promise was broken %d times", len(a.Breaches))
	}
	return nil
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

// told says how far a log before was read, and who signed it.
func told(f *ledger.Before) string {
	switch {
	case f.Unread != "":
		return ": " + Printable(f.Unread)
	case !f.Vouched:
		return ": read; its checkpoint is signed by none of the keys given, so give its public key too"
	default:
		return ": read"
	}
}

// readFiles reads the files that patterns name. A pattern that names none is a mistake.
func readFiles(patterns []string) ([][]byte, error) {
	var texts [][]byte
	for _, pattern := range patterns {
		names := []string{pattern}
		if _, err := os.Stat(pattern); err != nil {
			if names, err = filepath.Glob(pattern); err != nil {
				return nil, fmt.Errorf("%s is not a valid file name pattern", Printable(pattern))
			}
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s: no such file", Printable(pattern))
		}
		for _, name := range names {
			text, err := os.ReadFile(name) //nolint:gosec // the user names the files
			if err != nil {
				return nil, errors.New("cannot read " + Printable(name))
			}
			texts = append(texts, text)
		}
	}
	return texts, nil
}
