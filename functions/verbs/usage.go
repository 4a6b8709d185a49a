package verbs

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newUsage(version string) *cobra.Command {
	c := &connection{version: version}
	var from, to string
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Show what was processed, by application and day",
		Long: `Show how many documents, pages and bytes were processed, by application and day (UTC): an application sees its own, an
operator those of all. The counts are kept for 400 days after the day. A document counts once, on the day when its processing
first ended; pages are those of completed documents.` + connectionHelp(),
		Example: `  lethe usage
  lethe usage --from 2026-11-01 --to 2026-11-30 --json > november.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, day := range map[string]string{"--from": from, "--to": to} {
				if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
					return Usage(fmt.Errorf("%s %s: it must be a day, such as 2026-11-01", flag, day))
				}
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			table := NewTable(cmd.OutOrStdout(), "day", "application", "documents", "failed", "pages", "bytes")
			return eachPage(func(after string) (string, error) {
				page, next, err := cl.Usage(cmd.Context(), from, to, after)
				if err != nil {
					return "", err
				}
				for _, d := range page {
					if !c.jsonOut {
						table.Row(d.Day, d.Application, d.Documents, d.Failed, d.Pages, d.Bytes)
					} else if err := printJSON(cmd.OutOrStdout(), d); err != nil {
						return "", err
					}
				}
				return next, table.Flush()
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&from, "from", "", "first day, such as 2026-11-01 (default: 30 days before the last)")
	cmd.Flags().StringVar(&to, "to", "", "last day (default: today)")
	return cmd
}
