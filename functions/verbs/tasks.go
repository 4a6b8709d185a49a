package verbs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/task"
)

func newStatus(version string) *cobra.Command {
	c := &connection{version: version}
	cmd := &cobra.Command{
		Use:   "status ID…",
		Short: "Show tasks",
		Long: `Show the state of tasks, and when the last copy of each will be deleted. Of an erased task it shows when and why that was, and
how to get its receipt; the exit code says that the task is gone.` + connectionHelp(),
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
				if err != nil {
					t, err = buried(cmd.Context(), cl, id, err)
				}
				if t != nil {
					tasks = append(tasks, *t)
				}
				return err
			})
			if err := errors.Join(c.show(cmd.OutOrStdout(), tasks), err); err != nil || c.jsonOut {
				return err
			}
			for i := range tasks {
				told(cmd.OutOrStdout(), tasks[i].ID, &tasks[i])
				Confidence(cmd.OutOrStdout(), tasks[i].ID, tasks[i].Confidence, tasks[i].Doubtful, tasks[i].NeedsReview)
			}
			return nil
		},
	}
	c.flags(cmd)
	return cmd
}

// buried returns what the receipt of a task says of it that cannot be shown since it was erased, and the error that tells it.
// Without a receipt, or where something else is wrong, there is no task, and the error is the one that was there before.
func buried(ctx context.Context, cl *client.Client, id string, gone error) (*client.Task, error) {
	if p, ok := errors.AsType[*client.Problem](gone); !ok || p.Status != http.StatusGone {
		return nil, gone
	}
	receipt, err := cl.Receipt(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("%w; its receipt is not there yet: ask again in a minute", gone)
	}
	said, err := ledger.Said(receipt)
	if err != nil {
		return nil, gone
	}
	t := &client.Task{
		ID: id, State: "Deleted", Uploaded: said.Entry.Time(ledger.FieldUploaded), Ended: said.Entry.Time(ledger.FieldEnded),
		Erased: said.Entry.Time(ledger.FieldErased), Reason: said.Entry.Value(ledger.FieldReason),
	}
	return t, &coded{ExitGone, fmt.Errorf("it was erased at %s, since %s; a signed receipt proves it: lethe receipt %s",
		Instant(t.Erased, time.Now()), retention.Reason(t.Reason).Words(), Printable(id))}
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
	case ExitUsage, ExitUnreachable, ExitRefused, ExitBusy, ExitInterrupted:
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
	now := time.Now()
	table := NewTable(w, "id", "state", "pages", "confidence", "created", "deleted by", "note")
	for _, t := range tasks {
		table.Row(t.ID, t.State, pages(t), confidence(t), created(t), deadline(t, now), remark(t))
	}
	return table.Flush()
}

// pages says how many pages are done.
func pages(t client.Task) string {
	if t.Pages.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", t.Pages.Done, t.Pages.Total)
}

// created says when a task was made; empty where a receipt is all that is known of it.
func created(t client.Task) string {
	if t.Created.IsZero() {
		return ""
	}
	return t.Created.UTC().Format(time.RFC3339)
}

// confidence says how surely a task's document was read, once it was.
func confidence(t client.Task) string {
	if t.Confidence == 0 {
		return ""
	}
	return percent(t.Confidence)
}

// deadline says when the document will be gone, or when it was erased; empty while there is no document.
func deadline(t client.Task, now time.Time) string {
	switch {
	case !t.Erased.IsZero():
		return "was " + Instant(t.Erased, now)
	case t.Uploaded.IsZero():
		return ""
	case !t.EraseDue.IsZero(): // the limit of the policy is later where a shorter retention was asked for
		return Instant(t.EraseDue, now)
	case !t.DeleteAfter.IsZero():
		return Instant(t.DeleteAfter, now)
	default:
		return ""
	}
}

// remark says what else there is to know of a task.
func remark(t client.Task) string {
	switch {
	case t.Failure != nil:
		return t.Failure.Code
	case t.Pages.Failed > 0:
		return fmt.Sprintf("%d pages could not be read", t.Pages.Failed)
	case t.NeedsReview:
		return "needs review"
	default:
		return t.Reason
	}
}

func newList(version string) *cobra.Command {
	c := &connection{version: version}
	var state string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List own tasks, oldest first",
		Long:  "List own tasks, oldest first, and by when the last copy of each is deleted. Erased ones are listed with --state Deleted." + connectionHelp(),
		Example: `  lethe list --state InProgress
  lethe list --json --limit 10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			tasks, err := listed(cmd.Context(), cl, state, limit)
			return errors.Join(c.show(cmd.OutOrStdout(), tasks), err)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&state, "state", "", "only tasks in this state: "+strings.Join(Names(task.States()), ", "))
	Choice(cmd, "state", Names(task.States()))
	cmd.Flags().IntVar(&limit, "limit", 1000, "most tasks to list")
	Bounds(cmd, "limit", &limit, 1, 0)
	return cmd
}

// listed returns own tasks, as many as there are up to a limit. With an error come those that were listed before it.
func listed(ctx context.Context, cl *client.Client, state string, limit int) ([]client.Task, error) {
	var tasks []client.Task
	for after := ""; len(tasks) < limit; {
		page, next, err := cl.List(ctx, state, after, min(limit-len(tasks), 100))
		if err != nil {
			return tasks, err
		}
		tasks = append(tasks, page...)
		if after = next; after == "" || len(page) == 0 {
			break
		}
	}
	return tasks, nil
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
			if out == "-" {
				out = ""
			}
			var err error
			if out == "" {
				err = Legible(cmd.OutOrStdout(), format, "file")
			} else {
				err = outputFile("--output", out)
			}
			if err != nil {
				return err
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			if out == "" {
				_, err := cl.Fetch(cmd.Context(), ids[0], format, cmd.OutOrStdout())
				return err
			}
			return fetchFile(cmd.Context(), cl, ids[0], format, out)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&format, "format", string(render.TXT), render.Names())
	Choice(cmd, "format", Names(render.Formats()))
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
