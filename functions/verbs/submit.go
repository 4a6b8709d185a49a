package verbs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
)

// submission is what the submit verb was asked to do.
type submission struct {
	connection
	settings     client.Settings
	langs        string
	formats      []string
	retain       time.Duration
	passwordFile string
	out          string
	parallel     int
	noWait       bool
	erase        bool
}

func newSubmit(version string) *cobra.Command {
	s := &submission{connection: connection{version: version}}
	cmd := &cobra.Command{
		Use:   "submit FILE|DIR|-…",
		Short: "Send documents, follow them, fetch their results",
		Long: `Send documents to a server, follow them, and fetch their results: into the folder of --output, or to standard output
for one document and one format. A folder is sent with all files below it, several at a time; run again with the same
output folder, it goes on where it stopped, and what was accepted is not sent twice.` + connectionHelp,
		Example: `  lethe submit scan.pdf
  lethe submit --format txt,pdf --lang rus+eng -o out *.tif
  lethe submit --parallel 8 -o out inbox/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd, args) },
	}
	s.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&s.langs, "lang", "eng", "languages as Tesseract's codes, joined by +")
	f.StringSliceVar(&s.formats, "format", []string{"txt"}, "results: txt, json, hocr, alto, tsv, pdf")
	f.StringVar(&s.settings.Profile, "profile", "", "accurate or fast")
	f.StringVar(&s.settings.OnPageError, "on-page-error", "", "continue or fail")
	f.StringVar(&s.passwordFile, "password-file", "", "file with the documents' password")
	f.DurationVar(&s.retain, "retain", 0, "shorter retention after processing, such as 1h")
	f.BoolVar(&s.settings.DeleteOnFetch, "delete-on-fetch", false, "the server erases a task once its results were fetched")
	f.StringVarP(&s.out, "output", "o", "", "folder for results")
	f.IntVar(&s.parallel, "parallel", 4, "documents at a time")
	f.BoolVar(&s.noWait, "no-wait", false, "print the task's id and do not follow it")
	f.BoolVar(&s.erase, "delete", false, "erase each task after its results were fetched")
	return cmd
}

func (s *submission) run(cmd *cobra.Command, args []string) error {
	s.settings.Languages = strings.Split(s.langs, "+")
	s.settings.Formats = s.formats
	s.settings.RetainSeconds = int(s.retain.Seconds())
	if s.passwordFile != "" {
		password, err := os.ReadFile(s.passwordFile)
		if err != nil {
			return fmt.Errorf("read password: %w", err)
		}
		s.settings.Password = strings.TrimRight(string(password), "\r\n")
	}
	cl, err := s.dial()
	if err != nil {
		return err
	}
	documents, err := collect(args)
	if err != nil {
		return Usage(err)
	}
	if len(documents) == 1 && s.out == "" {
		return s.one(cmd, cl, documents[0])
	}
	if s.noWait {
		return Usage(errors.New("--no-wait is for one document"))
	}
	if s.out == "" {
		return Usage(errors.New("several documents need a folder for their results: give --output"))
	}
	return s.many(cmd, cl, documents)
}

// document is one file to send. Rel is its place below the folder given, for the results.
type document struct{ path, rel string }

// collect lists the files that the arguments name.
func collect(args []string) ([]document, error) {
	var all []document
	for _, arg := range args {
		if arg == "-" {
			all = append(all, document{"-", "stdin"})
			continue
		}
		stat, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("%s: no such file or folder", arg)
		}
		if !stat.IsDir() {
			all = append(all, document{arg, filepath.Base(arg)})
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != arg {
				return filepath.SkipDir
			}
			if !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
				return nil
			}
			rel, err := filepath.Rel(arg, path)
			all = append(all, document{path, rel})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", arg, err)
		}
	}
	return all, nil
}

// source opens a document for sending. Standard input is read once and kept, since a broken transfer starts again.
func (d document) source(stdin io.Reader) (client.Source, error) {
	if d.path != "-" {
		return func() (io.ReadCloser, int64, error) {
			f, err := os.Open(d.path)
			if err != nil {
				return nil, 0, fmt.Errorf("open document: %w", err)
			}
			stat, err := f.Stat()
			if err != nil {
				return nil, 0, errors.Join(err, f.Close())
			}
			return f, stat.Size(), nil
		}, nil
	}
	content, err := io.ReadAll(stdin)
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
	}, nil
}

// one sends a single document and writes one result to standard output.
func (s *submission) one(cmd *cobra.Command, cl *client.Client, d document) error {
	if len(s.formats) > 1 && !s.noWait {
		return Usage(errors.New("several formats need a folder: give --output"))
	}
	ctx := cmd.Context()
	open, err := d.source(cmd.InOrStdin())
	if err != nil {
		return err
	}
	key, err := uuid.NewV4()
	if err != nil {
		return err
	}
	t, err := cl.Create(ctx, s.settings, key.String())
	if err != nil {
		return err
	}
	if err := cl.Upload(ctx, t, open); err != nil {
		return err
	}
	if s.noWait {
		fmt.Fprintln(cmd.OutOrStdout(), t.ID)
		return nil
	}
	bar := newBar(cmd.ErrOrStderr(), "pages")
	t, err = follow(ctx, cl, t.ID, func(t *client.Task) { bar.to(t.Pages.Done, t.Pages.Total) })
	bar.end()
	if err != nil {
		return err
	}
	if _, err := cl.Fetch(ctx, t.ID, s.formats[0], cmd.OutOrStdout()); err != nil {
		return err
	}
	if s.erase {
		_, err = erase(ctx, cl, t.ID, true)
	}
	return err
}

// follow waits until a task has ended. A failed one is an error.
func follow(ctx context.Context, cl *client.Client, id string, progress func(*client.Task)) (*client.Task, error) {
	const hold, pause = 2 * time.Second, 200 * time.Millisecond
	for {
		t, err := cl.Get(ctx, id, hold)
		if err != nil {
			return nil, err
		}
		progress(t)
		if t.State == "ProcessingFailed" && t.Failure != nil {
			return t, Document(fmt.Errorf("%s (%s)", t.Failure.Detail, t.Failure.Code))
		}
		if t.Over() {
			return t, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
