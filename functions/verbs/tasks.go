package verbs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
)

func newStatus(version string) *cobra.Command {
	c := &connection{version: version}
	cmd := &cobra.Command{
		Use:   "status ID…",
		Short: "Show tasks",
		Long:  "Show the state of tasks." + connectionHelp,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			return each(ids, func(id string) error {
				t, err := cl.Get(cmd.Context(), id, 0)
				if err != nil {
					return err
				}
				return c.show(cmd.OutOrStdout(), []client.Task{*t})
			})
		},
	}
	c.flags(cmd)
	return cmd
}

// each does something for every id, and goes on past errors.
func each(ids []string, do func(id string) error) error {
	var errs []error
	for _, id := range ids {
		if err := do(id); err != nil {
			errs = append(errs, err)
		}
	}
	if len(ids) > 1 && len(errs) > 0 {
		return Some(fmt.Errorf("%d of %d failed: %s", len(errs), len(ids), Message(errs[0])))
	}
	return errors.Join(errs...)
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
		fmt.Fprintf(table, "%s\t%s\t%d/%d pages\t%s\t%s\n", t.ID, t.State, t.Pages.Done, t.Pages.Total, t.Created.Format(time.RFC3339), note)
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
		Long:  "List own tasks, oldest first. Erased ones are listed with --state Deleted." + connectionHelp,
		Args:  cobra.NoArgs,
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
				if after = next; after == "" {
					break
				}
			}
			return nil
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&state, "state", "", "only Submitted, Queued, InProgress, Completed, ProcessingFailed or Deleted")
	cmd.Flags().IntVar(&limit, "limit", 1000, "at most so many")
	return cmd
}

func newGet(version string) *cobra.Command {
	c := &connection{version: version}
	var format, out string
	cmd := &cobra.Command{
		Use:     "get ID",
		Short:   "Fetch a result",
		Long:    "Fetch one result of a completed task to a file, or to standard output." + connectionHelp,
		Example: "  lethe get 0198… --format pdf -o scan.pdf",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			if out == "" || out == "-" {
				_, err := cl.Fetch(cmd.Context(), ids[0], format, cmd.OutOrStdout())
				return err
			}
			return fetchFile(cmd.Context(), cl, ids[0], format, out)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "txt", "txt, json, hocr, alto, tsv or pdf")
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write; standard output without it")
	return cmd
}

// fetchFile writes a result to a file that appears whole or not at all, for its owner alone.
func fetchFile(ctx context.Context, cl *client.Client, id, format, path string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".lethe-*")
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	_, err = cl.Fetch(ctx, id, format, tmp)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func newDelete(version string) *cobra.Command {
	c := &connection{version: version}
	var noWait bool
	cmd := &cobra.Command{
		Use:   "delete ID…",
		Short: "Erase tasks now",
		Long: `Erase tasks and everything of their documents. Nothing can be fetched from the server's answer on; the command returns
when a check has found no copy left.` + connectionHelp,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			return each(ids, func(id string) error {
				t, err := erase(cmd.Context(), cl, id, !noWait)
				if err != nil {
					return err
				}
				if c.jsonOut {
					return printJSON(cmd.OutOrStdout(), t)
				}
				if t.Erased.IsZero() {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: accepted; a worker has to let go first\n", t.ID)
				}
				return nil
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return as soon as the erasure is accepted")
	return cmd
}

// erase deletes a task and, if asked, comes back until no copy is left.
func erase(ctx context.Context, cl *client.Client, id string, wait bool) (*client.Task, error) {
	const pause = 2 * time.Second
	for {
		t, err := cl.Delete(ctx, id)
		if err != nil || !t.Erased.IsZero() || !wait {
			return t, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
