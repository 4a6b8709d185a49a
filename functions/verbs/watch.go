package verbs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/inbox"
	"github.com/lethe-ocr/lethe/shared/request"
)

// watching is what the watch verb was asked to do.
type watching struct {
	connection
	cfg inbox.Config
}

// shortestLook bounds how often the inbox is looked at. Network shares tell of sizes late.
const shortestLook = time.Second

func newWatch(version string) *cobra.Command {
	v := &watching{
		connection: connection{version: version},
		cfg:        inbox.Config{Settings: request.Settings{Formats: []string{"txt"}}},
	}
	cmd := &cobra.Command{
		Use:   "watch INBOX OUT",
		Short: "Recognise the documents that scanners and copiers drop into a folder",
		Long: `Look at the folder INBOX again and again, send each file that is complete, and write its results to the folder OUT. The file is
then erased from INBOX, or moved to the folder of --done. Of two documents with one name the later one has a piece of a key in the names of its results.

A file is complete when it was the same at two looks, --every apart. Left alone are folders, links, pipes, devices, empty files, and files
whose names begin with a dot or end as programs name what they still write (.part, .partial, .filepart, .crdownload, .tmp, ~).

A document that cannot be recognised is moved to INBOX/` + inbox.Failed + `, beside a file NAME` + inbox.Reason + ` that says why and what to do: then move it
back into INBOX. While the server cannot be reached, documents stay and are tried again.

Documents under way are in INBOX/` + inbox.Claims + `. However the command ends, the next one goes on from there; it loses none and sends none twice. One
command at a time watches an inbox and fills a folder. OUT also receives the server's signed promises about each document.

With --once the command looks twice, and again while there are more files than it remembers from look to look, works off what is complete,
and ends: for cron.` + connectionHelp(),
		Example: `  lethe watch --format txt,pdf --lang deu+eng /srv/scans /srv/texts
  lethe watch --done /srv/archive --delete /srv/scans /srv/texts
  lethe watch --once /srv/scans /srv/texts`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			v.cfg.Inbox, v.cfg.Out = args[0], args[1]
			return asking(v.run(cmd), v.cfg.Settings.Languages)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) < 2 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	v.flags(cmd)
	SettingsFlags(cmd, &v.cfg.Settings)
	serverLanguages(cmd)
	f := cmd.Flags()
	f.StringVar(&v.cfg.Done, "done", "", "folder for documents that were recognised; without it they are erased")
	f.IntVar(&v.cfg.Parallel, "parallel", 4, fmt.Sprintf("documents at a time, at most %d", mostParallel))
	f.DurationVar(&v.cfg.Every, "every", 5*time.Second, "time between two looks")
	f.BoolVar(&v.cfg.Once, "once", false, "work off what is complete, and end")
	f.BoolVar(&v.cfg.Erase, "delete", false, "erase each task after its results were downloaded")
	Bounds(cmd, "parallel", &v.cfg.Parallel, 1, mostParallel)
	Bounds(cmd, "every", &v.cfg.Every, shortestLook, 0)
	Once(cmd, "done", "every", "once", "delete")
	return cmd
}

func (v *watching) run(cmd *cobra.Command) error {
	if stat, err := os.Stat(v.cfg.Inbox); err != nil || !stat.IsDir() {
		return File(fmt.Errorf("%s: no such folder", v.cfg.Inbox))
	}
	if err := cmp.Or(noFile("OUT", v.cfg.Out), noFile("--done", v.cfg.Done)); err != nil {
		return err
	}
	v.waits = newPause(cmd.ErrOrStderr())
	cl, err := v.dial()
	if err != nil {
		return err
	}
	v.cfg.Service, v.cfg.Explain, v.cfg.Wait = cl, Explain, wait
	v.cfg.Tell = func(e inbox.Event) { v.tell(cmd, e) }
	w, err := inbox.Open(v.cfg)
	switch {
	case errors.Is(err, inbox.ErrSameFolder):
		return Usage(err)
	case err != nil:
		return err
	}
	totals, err := w.Run(cmd.Context())
	if err = errors.Join(err, w.Close()); !v.cfg.Once {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "documents: %d done, %d failed, %d under way still; files left alone: %d\n", totals.Done, totals.Failed, totals.Held, totals.Left)
	switch {
	case err != nil:
		return err
	case totals.Failed > 0:
		return Some(fmt.Errorf("%d of %d documents failed", totals.Failed, totals.Done+totals.Failed))
	case totals.Partly > 0:
		return Pages(fmt.Errorf("the results of %d of %d documents lack pages that could not be read", totals.Partly, totals.Done))
	}
	return nil
}

// tell reports what became of a document.
func (v *watching) tell(cmd *cobra.Command, e inbox.Event) {
	stderr := cmd.ErrOrStderr()
	o := outcome{Document: e.Name, Results: e.Results, PagesMissing: e.Missing}
	if t := e.Task; t != nil {
		o.Task, o.State, o.Notes, o.HiddenWords, o.Languages = t.ID, t.State, t.Notes, t.HiddenWords, t.Languages
		o.Confidence, o.Doubtful, o.NeedsReview = t.Confidence, t.Doubtful, t.NeedsReview
		reduced(stderr, e.Name, v.cfg.Settings, t)
		told(stderr, e.Name, t)
		Confidence(stderr, e.Name, t.Confidence, t.Doubtful, t.NeedsReview)
	}
	err := e.Err
	if err == nil && e.Missing > 0 {
		err = fmt.Errorf("%d pages could not be read: the results lack them", e.Missing)
	}
	switch {
	case e.Held:
		fmt.Fprintf(stderr, "%s: %s; it is tried again\n", Printable(e.Name), Message(err))
		return
	case err != nil:
		fmt.Fprintf(stderr, "%s: %s\n", Printable(e.Name), Message(err))
	}
	if e.Err != nil {
		o.Error = Message(e.Err)
	}
	if v.jsonOut {
		_ = printJSON(cmd.OutOrStdout(), o) // nobody may read along
	}
}

// wait sleeps, unless the context ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
