package verbs

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
)

func newCase(version string) *cobra.Command {
	c := &connection{version: version}
	cmd := &cobra.Command{
		Use:   "case",
		Short: "Review a document exceptionally",
		Long: `View a document that made the engine fail. One reviewer opens a case with a reason, another person approves it, and for an
hour (at most eight) both can download a copy in which nothing is legible, or the document itself. The access log, which the
document's owner can read, records each step. The document is erased at its deadline regardless.`,
		Example: `  lethe case open APPLICATION TASK --reason "worker killed three times"
  lethe case approve CASE
  lethe case fetch CASE -o derivative.zip
  lethe case close CASE`,
	}
	cmd.AddCommand(
		c.newOpenCase(), c.newFetchCase(), c.newListCases(),
		c.newOnCase("approve", "Approve a case that another person opened", (*client.Client).ApproveCase),
		c.newOnCase("close", "End a case", (*client.Client).CloseCase),
	)
	return cmd
}

func (c *connection) newOpenCase() *cobra.Command {
	var reason string
	var hours int
	cmd := &cobra.Command{
		Use:     "open APPLICATION TASK",
		Short:   "Request to view a document",
		Long:    "Ask to see a document. Another person has to approve within 24 hours." + connectionHelp(),
		Example: `  lethe case open APPLICATION TASK --reason "worker killed three times" --hours 2`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if reason == "" {
				return Usage(errors.New("say why with --reason; the document's owner reads it"))
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			opened, err := cl.OpenCase(cmd.Context(), ids[0], ids[1], reason, hours)
			if err != nil {
				return err
			}
			return c.showCases(cmd.OutOrStdout(), *opened)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "reason, in one line, without content of a document")
	cmd.Flags().IntVar(&hours, "hours", 0, "hours of access after the approval, 1 to 8; 1 if not given")
	Bounds(cmd, "hours", &hours, 1, 8)
	return cmd
}

func (c *connection) newOnCase(verb, short string, do func(*client.Client, context.Context, string) (*client.Case, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use:   verb + " CASE",
		Short: short,
		Long:  short + "." + connectionHelp(),
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			one, err := do(cl, cmd.Context(), ids[0])
			if err != nil {
				return err
			}
			return c.showCases(cmd.OutOrStdout(), *one)
		},
	}
	c.flags(cmd)
	return cmd
}

func (c *connection) newListCases() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List cases, oldest first",
		Long:  "List cases, oldest first. Cases are kept for 30 days after they end." + connectionHelp(),
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			return eachPage(func(after string) (string, error) {
				page, next, err := cl.Cases(cmd.Context(), after)
				if err != nil {
					return "", err
				}
				return next, c.showCases(cmd.OutOrStdout(), page...)
			})
		},
	}
	c.flags(cmd)
	return cmd
}

func (c *connection) newFetchCase() *cobra.Command {
	var original bool
	var out string
	cmd := &cobra.Command{
		Use:   "fetch CASE --output FILE",
		Short: "Download a copy in which nothing is legible, or the document itself",
		Long: `Download a ZIP file that tells the form of the document and shows its pages without anything legible, or with --original the
document itself. The file appears when
the download is complete, and only its owner can read it: delete it when the case ends.` + connectionHelp(),
		Example: "  lethe case fetch CASE -o derivative.zip",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if out == "" {
				return Usage(errors.New("name a file with --output: a document has no place on a terminal"))
			}
			if err := outputFile("--output", out); err != nil {
				return err
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			kind := "derivative"
			if original {
				kind = "original"
			}
			return save(out, func(w io.Writer) (int64, error) { return cl.FetchCase(cmd.Context(), ids[0], kind, w) })
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&original, "original", false, "the document itself")
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write")
	return cmd
}

// showCases prints cases as a table or as lines of JSON.
func (c *connection) showCases(w io.Writer, cases ...client.Case) error {
	now := time.Now()
	table := NewTable(w, "case", "state", "ends", "application", "task", "reason")
	for _, one := range cases {
		if c.jsonOut {
			if err := printJSON(w, one); err != nil {
				return err
			}
			continue
		}
		table.Row(one.ID, one.State, Instant(one.Ends, now), one.Application, one.Task, one.Reason)
	}
	return table.Flush()
}
