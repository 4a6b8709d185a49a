package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
)

// readVerb is what the read verb was asked to do.
type readVerb struct {
	settings request.Settings
	out      string
	engine   engine
	options  ocr.Options
	wanted   []render.Format
}

func newRead(environment) *cobra.Command {
	v := &readVerb{settings: request.Settings{Languages: []string{"eng"}, Formats: []string{string(render.TXT)}}}
	cmd := &cobra.Command{
		Use:   "read FILE…",
		Short: "Recognise local files, without a server",
		Long: `Recognise local files without a server, and keep nothing but the results: text on standard output, or with --output one
file for each document and format in that folder.`,
		Example: `  lethe read scan.pdf
  lethe read --lang rus+eng --format txt,pdf -o out *.tif`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return v.run(cmd, files) },
	}
	verbs.SettingsFlags(cmd, &v.settings, "languages", "formats", "profile", "password")
	cmd.Flags().StringVarP(&v.out, "output", "o", "", "folder for results")
	return cmd
}

func (v *readVerb) run(cmd *cobra.Command, files []string) error {
	set, err := config.Load(func(s *config.Settings) {
		if s.Sandbox == "" {
			// The files are the caller's own, and nobody else's are here.
			s.Sandbox = config.SandboxBestEffort
		}
	})
	if err != nil {
		return err
	}
	for _, name := range v.settings.Formats {
		f, err := render.ParseFormat(name)
		if err != nil {
			return verbs.Usage(err)
		}
		v.wanted = append(v.wanted, f)
	}
	if v.out == "" && len(v.wanted) > 1 {
		return verbs.Usage(errors.New("several formats need a folder: give --output"))
	}
	v.options = ocr.Options{Languages: v.settings.Languages, Profile: cmp.Or(ocr.Profile(v.settings.Profile), ocr.Accurate)}
	if v.options.Profile != ocr.Accurate && v.options.Profile != ocr.Fast {
		return verbs.Usage(fmt.Errorf("profile must be %s or %s", ocr.Accurate, ocr.Fast))
	}
	if v.out != "" {
		if err := os.MkdirAll(v.out, 0o700); err != nil {
			return fmt.Errorf("make output folder: %w", err)
		}
	}
	if v.engine, err = startEngine(set, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	defer v.engine.Close()
	if err := confined(cmd.Context(), v.engine); err != nil {
		return err
	}
	known := v.engine.Languages()
	for _, l := range v.options.Languages {
		if !slices.Contains(known, l) {
			return verbs.Usage(fmt.Errorf("language %q is not installed; installed are: %s", l, strings.Join(known, ", ")))
		}
	}
	return v.all(cmd, files, set.Workers)
}

// all reads files, several at a time where their results go to a folder.
func (v *readVerb) all(cmd *cobra.Command, files []string, workers int) error {
	group, ctx := errgroup.WithContext(cmd.Context())
	group.SetLimit(workers)
	if v.out == "" {
		group.SetLimit(1) // results follow each other on standard output
	}
	failed := make([]error, len(files))
	for i, file := range files {
		group.Go(func() error {
			failed[i] = v.file(ctx, file, cmd.OutOrStdout())
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	bad := 0
	for i, err := range failed {
		if err != nil {
			bad++
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", files[i], explain(err))
		}
	}
	switch {
	case bad == 0:
		return nil
	case len(files) == 1:
		return errors.Join(errSilent, verbs.Document(failed[0]))
	default:
		return verbs.Some(fmt.Errorf("%d of %d files failed", bad, len(files)))
	}
}

func explain(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Detail + " (" + string(f.Code) + ")"
	}
	return err.Error()
}

// file reads one document, all pages at once as far as there are workers, and writes its results.
func (v *readVerb) file(ctx context.Context, path string, stdout io.Writer) error {
	f, err := os.Open(path) //nolint:gosec // the file that the user named
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading
	src := ocr.Source{File: f, ID: path, Password: v.settings.Password}
	info, err := v.engine.Inspect(ctx, src)
	if err != nil {
		return err
	}
	turn, err := v.engine.Places().Enter(ctx, src.Owner, false)
	if err != nil {
		return err
	}
	defer turn.Leave()
	pages := make([]ocr.Page, info.Pages)
	group, groupCtx := errgroup.WithContext(ctx)
	for n := 1; n <= info.Pages; n++ {
		place, err := turn.Take(groupCtx)
		if err != nil {
			break // the group tells why, or ctx
		}
		group.Go(func() error {
			defer place.Give()
			src := src
			src.Place = place
			page, err := v.engine.Recognise(groupCtx, src, n, v.options)
			if fault.KindOf(err) == fault.Document && info.Pages > 1 {
				page, err = ocr.Page{Number: n, Width: 1, Height: 1, DPI: 72, Origin: ocr.Failed, Failure: &ocr.Failure{Detail: explain(err)}}, nil
			}
			pages[n-1] = page
			return err
		})
	}
	if err := errors.Join(group.Wait(), context.Cause(ctx)); err != nil {
		return err
	}
	return v.write(ctx, path, stdout, src, pages)
}

// write writes the results of one document, to files of its name or to standard output.
func (v *readVerb) write(ctx context.Context, path string, stdout io.Writer, src ocr.Source, pages []ocr.Page) (err error) {
	doc := render.Document{
		Languages: v.options.Languages, Created: time.Now().UTC(), Software: "lethe " + version, Pages: len(pages),
		Original: render.Original{Engine: v.engine, Source: src},
	}
	if v.out == "" {
		return render.Write(ctx, doc, sequence(pages), render.Output{Format: v.wanted[0], W: stdout})
	}
	// Results get their names when all are whole: half of one would look like another, and replace an earlier one.
	var outputs []render.Output
	var files []*os.File
	defer func() {
		for _, f := range files {
			if err != nil {
				err = errors.Join(err, ignore(f.Close(), os.ErrClosed), ignore(os.Remove(f.Name()), fs.ErrNotExist))
			}
		}
	}()
	for _, format := range v.wanted {
		f, err := os.CreateTemp(v.out, ".lethe-*")
		if err != nil {
			return err
		}
		files = append(files, f)
		outputs = append(outputs, render.Output{Format: format, W: f})
	}
	if err := render.Write(ctx, doc, sequence(pages), outputs...); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.Close(); err != nil {
			return err
		}
	}
	for i, f := range files {
		if err := os.Rename(f.Name(), filepath.Join(v.out, filepath.Base(path)+outputs[i].Format.Extension())); err != nil {
			return err
		}
	}
	return nil
}

// ignore returns err unless it is the one that is expected.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

func sequence(pages []ocr.Page) iter.Seq2[ocr.Page, error] {
	return func(yield func(ocr.Page, error) bool) {
		for _, p := range pages {
			if !yield(p, nil) {
				return
			}
		}
	}
}
