//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/ocr/language/naming"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
)

// readVerb is what the read verb was asked to do.
type readVerb struct {
	settings  request.Settings
	out       string // folder for results; empty for standard output
	recursive bool
	explain   bool // tell where the text of each region was taken from

	stdin  io.Reader
	stdout io.Writer
	named  bool // each result on standard output begins with the name of its document
	report *readReport

	engine  engine
	limits  ocr.Limits
	options ocr.Options
	pdf     ocr.PDFOptions
	wanted  []render.Format
}

func newRead(environment) *cobra.Command {
	v := &readVerb{settings: request.Settings{Languages: []string{"eng"}, Formats: []string{string(render.TXT)}}}
	cmd := &cobra.Command{
		Use:   "read FILE|DIR|-…",
		Short: "Recognise local files, without a server",
		Long: `Recognise local files without a server, and keep nothing but the results: text on standard output, or with --output one
file for each document and format in that folder, named after the document. A file of that name is replaced, and a result
appears when it is whole. The texts of several documents on standard output have a line with the name before each.

A single - means standard input, and a pipe is read like a file; neither is stored on a disk. With --recursive a folder is
read with all documents below it, and the output folder gets the same folders. Hidden files, links to folders and files
that are no documents are left out and counted at the end.

With --pages only those pages are read. Results hold them under their numbers in the document, and the searchable PDF has
them alone, or with --keep-pages the others too.

A page that cannot be read is named on standard error with its code, like everything else that there is to know of a
result, and the other pages are read. A document that cannot be read does not stop the others. The password of encrypted
documents is read from a file, so that no list of processes shows it.
` + verbs.SeeExits,
		Example: `  lethe read scan.pdf
  lethe read --lang rus+eng --format txt,pdf -o out *.tif
  lethe read --pages 1 --format pdf -o out report.pdf
  lethe read --recursive -o out archive/
  scanimage --format=tiff | lethe read -
  lethe read --password-file <(pass show tax) tax.pdf`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd, args) },
	}
	verbs.SettingsFlags(cmd, &v.settings, "languages", "formats", "profile", "password", "on_page_error", "keep_hidden", "keep_active", "pages", "keep_pages", "review_below", "remove_password", "signature")
	cmd.Flags().StringVarP(&v.out, "output", "o", "", "folder for results, or - for standard output")
	cmd.Flags().BoolVarP(&v.recursive, "recursive", "r", false, "read the documents below folders")
	cmd.Flags().BoolVar(&v.explain, "explain", false, "tell where the text of each region was taken from, and why")
	verbs.Once(cmd, "output")
	return cmd
}

func (v *readVerb) run(cmd *cobra.Command, args []string) error {
	// Writing to a pipe that nobody reads is an error like others: what was begun is cleared away.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	v.stdin, v.stdout, v.report = cmd.InOrStdin(), cmd.OutOrStdout(), newReadReport(cmd.ErrOrStderr())
	set, err := config.Load(func(s *config.Settings) {
		if s.Sandbox == "" {
			// The files are the caller's own, and nobody else's are here.
			s.Sandbox = config.SandboxBestEffort
		}
	})
	if err != nil {
		return err
	}
	v.limits = set.Limits()
	if v.out == "-" {
		v.out = ""
	}
	if err := v.check(); err != nil {
		return verbs.Usage(err)
	}
	found, err := v.find(args)
	if err != nil {
		return verbs.Usage(err)
	}
	if err := v.checkResults(found); err != nil {
		return verbs.Usage(err)
	}
	if _, err := workerProgram(); err != nil {
		return err
	}
	data, err := languageData(set)
	if err != nil {
		return verbs.Setting(err)
	}
	fillCache(cmd.Context(), set)
	if v.engine, err = startEngine(set, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	defer v.engine.Close()
	if err := confined(cmd.Context(), v.engine); err != nil {
		return err
	}
	if _, err := v.engine.Ready(cmd.Context()); err != nil {
		return fmt.Errorf("no worker process starts: %w", err)
	}
	known := v.engine.Languages()
	for _, l := range v.options.Languages {
		if l != language.Auto && !slices.Contains(known, l) {
			return verbs.Usage(missingLanguage(l, known, data.Problem(l)))
		}
	}
	if err := v.prepare(); err != nil {
		return err
	}
	err = v.all(cmd.Context(), found.documents, set.Workers)
	v.report.end()
	if err != nil {
		return err
	}
	return v.report.verdict(found, v.recursive)
}

// missingLanguage says which languages there are, and what the one is called that was meant, or why its data cannot be used.
func missingLanguage(asked string, known []string, problem error) error {
	if problem != nil {
		return fmt.Errorf("--lang: language %q cannot be used: %w", asked, problem)
	}
	if hint := verbs.LanguageHint([]string{asked}); hint != "" {
		return errors.New("--lang: " + hint)
	}
	text := fmt.Sprintf("--lang: language %q is not installed; installed are: %s", asked, strings.Join(known, ", "))
	if naming.Name(asked) != "" {
		text += fmt.Sprintf("; \"lethe languages %s\" says how to install it", asked)
	}
	return errors.New(text)
}

// check refuses settings that cannot be.
func (v *readVerb) check() error {
	for _, name := range v.settings.Formats {
		v.wanted = append(v.wanted, render.Format(name)) // the flag takes no other
	}
	v.options = ocr.Options{
		Languages: v.settings.Languages, Profile: cmp.Or(ocr.Profile(v.settings.Profile), ocr.Accurate), Explain: v.explain,
		Features: render.Needs(v.wanted, render.Options{}),
	}
	if language.IsAuto(v.options.Languages) && len(v.options.Languages) > 1 {
		return fmt.Errorf("--lang %s chooses among all languages of this machine: name no other beside it", language.Auto)
	}
	policy, _ := ocr.ParseSignaturePolicy(v.settings.Signature)
	v.pdf = ocr.PDFOptions{Signature: policy, Pages: ocr.PageRanges(v.settings.Pages)}
	v.pdf.KeepPages = v.settings.KeepPages != nil && *v.settings.KeepPages
	v.pdf.KeepHidden = v.settings.KeepHidden != nil && *v.settings.KeepHidden
	v.pdf.KeepActive = v.settings.KeepActive != nil && *v.settings.KeepActive
	v.pdf.RemovePassword = v.settings.RemovePassword != nil && *v.settings.RemovePassword
	if setting, why := v.pdf.Contradicts(render.Kinds(v.wanted)); setting != "" {
		return fmt.Errorf("--%s: %s", strings.ReplaceAll(setting, "_", "-"), why)
	}
	return nil
}

// checkResults refuses documents whose results cannot go where they would.
func (v *readVerb) checkResults(found *foundDocuments) error {
	v.named = v.recursive || len(found.documents) > 1
	switch {
	case verbs.OutputFolder(v.out) != nil:
		return verbs.OutputFolder(v.out)
	case v.out != "":
		return found.placeResults(v.out, v.wanted)
	case len(v.wanted) > 1:
		return errors.New("several formats need a folder: give --output")
	case v.named && v.wanted[0] != render.TXT:
		return fmt.Errorf("several documents as %s need a folder, only %s can follow each other on standard output: give --output", v.wanted[0], render.TXT)
	}
	return verbs.Legible(v.stdout, string(v.wanted[0]), "folder")
}

// prepare makes the output folder, and tries that a result can be written there before anything is read.
func (v *readVerb) prepare() error {
	if v.out == "" {
		return nil
	}
	if err := os.MkdirAll(v.out, 0o700); err != nil {
		return fmt.Errorf("make output folder: %w", err)
	}
	trial, err := newResultFile(v.out)
	if err != nil {
		return err
	}
	return trial.discard()
}

// all reads documents, several at a time where their results go to a folder. What fails for one does not stop the others,
// unless results cannot be written.
func (v *readVerb) all(ctx context.Context, documents []localDocument, workers int) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	if v.out == "" {
		group.SetLimit(1) // results follow each other on standard output
	}
	for _, d := range documents {
		group.Go(func() error {
			if groupCtx.Err() != nil {
				return context.Cause(groupCtx)
			}
			err := v.document(groupCtx, d)
			if _, fatal := errors.AsType[*unwrittenError](err); fatal {
				return err
			}
			if groupCtx.Err() != nil {
				return context.Cause(groupCtx)
			}
			v.report.ended(d, err)
			return nil
		})
	}
	return group.Wait()
}

// unwrittenError says that a result could not be written.
type unwrittenError struct{ err error }

// Error implements error.
func (u *unwrittenError) Error() string { return "write results: " + u.err.Error() }

// Unwrap returns the cause.
func (u *unwrittenError) Unwrap() error { return u.err }

// explain says on one line why something local cannot be read.
func explain(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		line := verbs.Explain(f.Code, f.Detail)
		if setting := limitSetting(f.Code); setting != "" {
			line += "; " + setting + " sets the limit"
		}
		return line
	}
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err // the path is told beside it
	}
	return verbs.Printable(err.Error())
}

// limitSetting names the setting of this machine that a document or a page exceeds; empty for codes that have other limits too.
func limitSetting(code fault.Code) string {
	switch code {
	case fault.DocumentTooLarge:
		return "LETHE_MAX_MIB"
	case fault.DocumentTooManyPages:
		return "LETHE_MAX_PAGES"
	case fault.PageMemory:
		return "LETHE_WORKER_MEMORY_MIB"
	case fault.PageTime:
		return "LETHE_PAGE_TIME (for drawing LETHE_DRAW_TIME)"
	default:
		return ""
	}
}
