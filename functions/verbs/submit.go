package verbs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/request"
)

// submission is what the submit verb was asked to do.
type submission struct {
	connection
	settings request.Settings
	out      string
	parallel int
	noWait   bool
	erase    bool
}

// mostParallel bounds the connections that one client opens.
const mostParallel = 64

func newSubmit(version string) *cobra.Command {
	s := &submission{
		connection: connection{version: version},
		settings:   request.Settings{Formats: []string{"txt"}},
	}
	cmd := &cobra.Command{
		Use:   "submit FILE|DIR|-…",
		Short: "Send documents, wait for them, and download their results",
		Long: `Send documents to a server, wait until they are processed, and download the results to the folder of --output, or to standard
output for one document and one format. A single - means standard input, which is kept in memory and on no disk.

A folder is sent with all files below it except hidden ones, several at a time. If you run the command again with the same
output folder it resumes and sends no document twice; it keeps what it needs for that in the file ` + journalFile + `
in that folder. A document that fails does not stop the others.

A server that takes no documents for now, or no more of this application, is waited for, and messages say why. The command
gives up after --give-up-after without any progress, or at once if the server says that it will take longer.

The folder also receives the server's signed promises about each document, as DOCUMENT.created.promise and
DOCUMENT.accepted.promise; "lethe audit --promises" compares them with the ledger. Without --output no promise is kept.` + connectionHelp(),
		Example: `  lethe submit scan.pdf
  lethe submit --format txt,pdf --lang rus+eng -o out *.tif
  lethe submit --parallel 8 --delete -o out inbox/
  scanimage --format=tiff | lethe submit -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd, args) },
	}
	s.flags(cmd)
	SettingsFlags(cmd, &s.settings)
	serverLanguages(cmd)
	f := cmd.Flags()
	f.StringVarP(&s.out, "output", "o", "", "folder for results")
	f.IntVar(&s.parallel, "parallel", 4, fmt.Sprintf("documents at a time, at most %d", mostParallel))
	f.DurationVar(&s.patience, "give-up-after", 10*time.Minute, "how long to wait for a server that takes no documents")
	f.BoolVar(&s.noWait, "no-wait", false, "send the documents, print the ids of the tasks, and do not wait")
	f.BoolVar(&s.erase, "delete", false, "erase each task after its results were downloaded")
	Bounds(cmd, "parallel", &s.parallel, 1, mostParallel)
	Bounds(cmd, "give-up-after", &s.patience, time.Second, 0)
	Once(cmd, "delete", "give-up-after")
	return cmd
}

func (s *submission) run(cmd *cobra.Command, args []string) error {
	return asking(s.submit(cmd, args), s.settings.Languages)
}

// submit does what was asked for.
func (s *submission) submit(cmd *cobra.Command, args []string) error {
	if err := s.check(); err != nil {
		return Usage(err)
	}
	documents, err := s.collect(args)
	if err != nil {
		return Usage(err)
	}
	alone := len(args) == 1 && len(documents) == 1 && documents[0].path == args[0]
	toStdout := s.out == "" && !s.noWait
	switch {
	case toStdout && !alone:
		return Usage(errors.New("several documents need a folder for their results: give --output"))
	case toStdout && len(s.settings.Formats) > 1:
		return Usage(errors.New("several formats need a folder: give --output"))
	case toStdout && Legible(cmd.OutOrStdout(), s.settings.Formats[0], "folder") != nil:
		return Legible(cmd.OutOrStdout(), s.settings.Formats[0], "folder")
	case toStdout && s.jsonOut:
		return Usage(errors.New("--json would mix with the result on standard output: give --output or --no-wait"))
	}
	s.waits = newPause(cmd.ErrOrStderr())
	cl, err := s.dial()
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(documents, func(d document) bool { return d.path == "-" }); i >= 0 {
		if Terminal(cmd.InOrStdin()) {
			return Usage(errors.New("standard input is a terminal: let a file or a pipe be standard input, or name a file"))
		}
		if documents[i].open, err = hold(cmd.InOrStdin()); err != nil {
			return err
		}
	}
	if toStdout {
		return s.one(cmd, cl, documents[0])
	}
	return s.many(cmd, cl, documents)
}

// check refuses what makes no sense.
func (s *submission) check() error {
	if err := OutputFolder(s.out); err != nil {
		return err
	}
	if s.noWait && s.erase {
		return errors.New("--delete comes after fetching, which --no-wait leaves out; use --delete-on-fetch or --retain")
	}
	return nil
}

// one sends a single document and writes one result to standard output.
func (s *submission) one(cmd *cobra.Command, cl *client.Client, d document) error {
	ctx := cmd.Context()
	t, err := cl.Create(ctx, d.sized(s.settings), "")
	if err != nil {
		return err
	}
	if err := cl.Upload(ctx, t, d.open); err != nil {
		return err
	}
	bar := newTalkingBar(cmd.ErrOrStderr(), "pages")
	t, err = follow(ctx, cl, t.ID, func(t *client.Task) { bar.To(t.Pages.Done, t.Pages.Total) })
	bar.End()
	if err != nil {
		return err
	}
	if _, err := cl.Fetch(ctx, t.ID, s.settings.Formats[0], cmd.OutOrStdout()); err != nil {
		return err
	}
	reduced(cmd.ErrOrStderr(), d.path, s.settings, t)
	told(cmd.ErrOrStderr(), d.path, t)
	Confidence(cmd.ErrOrStderr(), d.path, t.Confidence, t.Doubtful, t.NeedsReview)
	if s.erase {
		_, err = cl.Erase(ctx, t.ID)
	}
	return errors.Join(err, missingPages(t.Pages.Failed, t.Pages.Total))
}

// missingPages is the error of a document whose results lack pages; nil if they lack none.
func missingPages(missing, all int) error {
	if missing == 0 {
		return nil
	}
	return Pages(fmt.Errorf("%d of %d pages could not be read: the results lack them", missing, all))
}

// follow waits until a task has ended. A failed one is an error.
func follow(ctx context.Context, cl *client.Client, id string, progress func(*client.Task)) (*client.Task, error) {
	t, err := cl.Follow(ctx, id, progress)
	if err == nil && t.Failed() {
		if t.Failure == nil {
			t.Failure = &client.Failure{Detail: "the document could not be processed", Code: "unknown"}
		}
		err = Document(errors.New(Explain(fault.Code(t.Failure.Code), t.Failure.Detail)))
	}
	return t, err
}
