package verbs

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Complete lets shells complete the values of a flag. Where it takes several, they are joined by a comma or a plus sign.
func Complete(cmd *cobra.Command, flag string, values []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexAny(typed, ",+")+1]
		completed := make([]cobra.Completion, len(values))
		for i, v := range values {
			completed[i] = before + v
		}
		return completed, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the command has no such flag, or completes it already: no test would have passed
	}
}

// Names are values of the domain as flags have them.
func Names[T ~string](values []T) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return names
}

// LanguageCodes lists the languages that Tesseract has data for, for completion.
func LanguageCodes() []string {
	return append([]string{language.Auto}, language.All()...)
}

// completions lists what a shell completes for a setting; nothing if that is free.
func completions(s request.Setting) []string {
	if s.Name == "languages" {
		return LanguageCodes()
	}
	return valuesOf(s)
}

// valuesOf lists what a setting may be; nothing if that is free, or for a server to say.
func valuesOf(s request.Setting) []string {
	switch s.Name {
	case "formats":
		return Names(render.Formats())
	case "profile":
		return Names(ocr.Profiles())
	case "on_page_error":
		return Names(task.OnPageErrors())
	case "signature":
		return ocr.SignaturePolicies()
	default:
		return nil
	}
}

// takesFiles is for the usage of commands whose arguments name files.
var takesFiles = regexp.MustCompile(`\b(FILE|DIR|RECEIPT|LOG|EVIDENCE|DOCUMENT)\b`)

// completeFiles lets shells complete names of files where commands take them, and nowhere else.
func completeFiles(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		completeFiles(sub)
	}
	if cmd.ValidArgsFunction == nil && !takesFiles.MatchString(cmd.Use) {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if strings.HasPrefix(f.Usage, "folder") || strings.HasPrefix(f.Usage, "data folder") {
			_ = cmd.MarkFlagDirname(f.Name) // it exists
		}
	})
}
