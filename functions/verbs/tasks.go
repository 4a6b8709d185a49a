package verbs

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/render"
)

func newStatus(version string) *cobra.Command {
	c := &connection{version: version}
	cmd := &cobra.Command{
		Use:     "status ID…",
		Short:   "Show tasks",
		Long:    "Show the state of tasks, and when the last copy of each will be deleted." + connectionHelp(),
		Example: "  lethe status 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			var tasks []client.Task
			err = each(cmd, ids, func(id string) error {
				t, err := cl.Get(cmd.Context(), id, 0)
				if err == nil {
					tasks = append(tasks, *t)
				}
				return err
			})
			if err := errors.Join(c.show(cmd.OutOrStdout(), tasks), err); err != nil || c.jsonOut {
				return err
			}
			for _, t := range tasks {
				Told(cmd.OutOrStdout(), t.ID, t.Notes, t.HiddenWords)
			}
			return nil
		},
	}
	c.flags(cmd)
	return cmd
}

// each does something for every id. It goes on past an error of one, and stops at one that the others would meet as well.
func each(cmd *cobra.Command, ids []string, do func(id string) error) error {
	failed := 0
	for _, id := range ids {
		err := do(id)
		if err == nil {
			continue
		}
		if len(ids) == 1 || fatal(err) {
			return err
		}
		failed++
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", Printable(id), Message(err))
	}
	if failed > 0 {
		return Some(fmt.Errorf("%d of %d failed", failed, len(ids)))
	}
	return nil
}

// fatal reports whether an error is not one task's or document's own.
func fatal(err error) bool {
	switch ExitCode(err) {
	case ExitUsage, ExitUnreachable, ExitRefused, ExitInterrupted:
		return true
	default:
		return false
	}
}

// show prints tasks as a table or as lines of JSON.
func (c *connection) show(w io.Writer, tasks []client.Task) error {
	if c.jsonOut {
		for _, t := range tasks {
			t.Upload = nil // a link is a credential
			if err := printJSON(w, t); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range tasks {
		note := ""
		switch {
		case t.Failure != nil:
			note = t.Failure.Code
		case !t.DeleteAfter.IsZero():
			note = "gone by " + t.DeleteAfter.Format(time.RFC3339)
		case t.Reason != "":
			note = t.Reason
		}
		fmt.Fprintf(table, "%s\t%s\t%d/%d pages\t%s\t%s\n",
			Printable(t.ID), Printable(t.State), t.Pages.Done, t.Pages.Total, t.Created.Format(time.RFC3339), Printable(note))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func newList(version string) *cobra.Command {
	c := &connection{version: version}
	var state string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List own tasks, oldest first",
		Long:  "List own tasks, oldest first. Erased ones are listed with --state Deleted." + connectionHelp(),
		Example: `  lethe list --state InProgress
  lethe list --json --limit 10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			after := ""
			for left := limit; left > 0; {
				page, next, err := cl.List(cmd.Context(), state, after, min(left, 100))
				if err != nil {
					return err
				}
				if err := c.show(cmd.OutOrStdout(), page); err != nil {
					return err
				}
				left -= len(page)
				if after = next; after == "" || len(page) == 0 {
					break
				}
			}
			return nil
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&state, "state", "", "only Submitted, Queued, InProgress, Completed, ProcessingFailed or Deleted")
	cmd.Flags().IntVar(&limit, "limit", 1000, "most tasks to list")
	return cmd
}

func newGet(version string) *cobra.Command {
	c := &connection{version: version}
	var format, out string
	cmd := &cobra.Command{
		Use:   "get ID",
		Short: "Fetch a result",
		Long: `Download one result of a completed task to a file, or to standard output. The file appears when the download is complete,
and only its owner can read it.` + connectionHelp(),
		Example: `  lethe get 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55
  lethe get 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55 --format pdf -o scan.pdf`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			if out == "" || out == "-" {
				_, err := cl.Fetch(cmd.Context(), ids[0], strings.ToLower(format), cmd.OutOrStdout())
				return err
			}
			return fetchFile(cmd.Context(), cl, ids[0], strings.ToLower(format), out)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&format, "format", string(render.TXT), render.Names())
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write; standard output without it")
	return cmd
}

func newDelete(version string) *cobra.Command {
	c := &connection{version: version}
	var noWait bool
	cmd := &cobra.Command{
		Use:   "delete ID…",
		Short: "Erase tasks now",
		Long: `Erase tasks and all copies of their documents. As soon as the server answers, nothing can be downloaded; the command returns
when a check has found no copy left.` + connectionHelp(),
		Example: "  lethe delete 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			erase := cl.Erase
			if noWait {
				erase = cl.Delete
			}
			return each(cmd, ids, func(id string) error {
				t, err := erase(cmd.Context(), id)
				switch {
				case err != nil:
					return err
				case c.jsonOut:
					return printJSON(cmd.OutOrStdout(), t)
				case t.Erased.IsZero():
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: accepted; a worker still holds the document\n", Printable(id))
				default:
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: erased\n", Printable(id))
				}
				return nil
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return as soon as the erasure is accepted")
	return cmd
}
