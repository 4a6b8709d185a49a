package verbs

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	accesslog "github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/client"
)

func newAccessLog(version string) *cobra.Command {
	c := &connection{version: version}
	var since string
	cmd := &cobra.Command{
		Use:   "access-log",
		Short: "Read who did what, when and why",
		Long: `Read the access log: an application sees the entries that concern it, an auditor sees all. Each entry is checked against
its commitment; with --json it comes with what is needed to find that in the ledger.` + connectionHelp(),
		Example: `  lethe access-log --since 2026-11-01
  lethe access-log --json > access.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := parseTime("since", since)
			if err != nil {
				return Usage(err)
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			table := NewTable(cmd.OutOrStdout(), "time", "act", "who", "scope", "application", "task", "reason")
			return eachPage(func(after string) (string, error) {
				page, next, err := cl.AccessLog(cmd.Context(), from, after)
				if err != nil {
					return "", err
				}
				return next, c.showLog(cmd.OutOrStdout(), table, page)
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&since, "since", "", "only entries since a day or time, such as 2026-11-01 or 2026-11-01T08:00:00Z")
	return cmd
}

// showLog checks entries and prints them.
func (c *connection) showLog(w io.Writer, table *Table, page []client.LogEntry) error {
	for _, e := range page {
		entry, err := accesslog.ParseEntry(e.Text)
		if err != nil {
			return fmt.Errorf("the server's answer cannot be read: %w", err)
		}
		if (accesslog.Opened{Entry: entry, Nonce: e.Nonce}).Commitment() != e.Commitment {
			return fmt.Errorf("the entry of %s is not what the ledger commits to", entry.At.Format(time.RFC3339))
		}
		if c.jsonOut {
			if err := printJSON(w, e); err != nil {
				return err
			}
			continue
		}
		table.Row(entry.At.Format(time.RFC3339), entry.Act, entry.Who, entry.Scope, entry.Application, entry.Task, entry.Why)
	}
	return table.Flush()
}
