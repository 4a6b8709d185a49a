package verbs

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/request"
)

// told writes what is to be told of a task's results: the languages that were chosen, and one line for each note, after its name.
func told(w io.Writer, name string, t *client.Task) {
	if len(t.Languages) > 0 {
		fmt.Fprintf(w, "%s: languages: %s (chosen)\n", Printable(name), Printable(strings.Join(t.Languages, "+")))
	}
	if t.HiddenWords > 0 {
		fmt.Fprintf(w, "%s: words of its text layer that do not show were left out (hidden_words: %d)\n", Printable(name), t.HiddenWords)
	}
	for _, n := range t.Notes {
		code := n.Code
		if n.Count > 0 {
			code += fmt.Sprintf(": %d", n.Count)
		}
		if n.Pages > 0 {
			code += fmt.Sprintf("; pages: %d", n.Pages)
		}
		fmt.Fprintf(w, "%s: %s (%s)\n", Printable(name), Printable(n.Detail), Printable(code))
	}
}

// reduced says that a document is kept for a shorter time than was asked for, as a server's answer may without refusing anything.
func reduced(w io.Writer, name string, asked request.Settings, t *client.Task) bool {
	if t.Settings == nil || t.Settings.RetainSeconds == 0 || t.Settings.RetainSeconds >= asked.RetainSeconds {
		return false
	}
	held := time.Duration(t.Settings.RetainSeconds) * time.Second
	fmt.Fprintf(w, "%s: kept for %s after processing, the limit of the application, instead of the %s of --retain\n",
		Printable(name), Duration(held), Duration(time.Duration(asked.RetainSeconds)*time.Second))
	return true
}

// Confidence writes how surely a document was read, where somebody should look at it.
func Confidence(w io.Writer, name string, mean float64, doubtful []int, review bool) {
	if len(doubtful) == 0 && !review {
		return
	}
	line := fmt.Sprintf("%s: mean confidence %s", Printable(name), percent(mean))
	if len(doubtful) > 0 {
		line += fmt.Sprintf(", doubtful pages: %s", ocr.RangesOf(doubtful))
	}
	if review {
		line += " (needs_review)"
	}
	fmt.Fprintln(w, line)
}

// percent writes a confidence, a dash for none.
func percent(confidence float64) string {
	if confidence == 0 {
		return "-"
	}
	return strconv.FormatFloat(confidence, 'f', 1, 64)
}

// outcome is a line of --json.
type outcome struct {
	Document string   `json:"document"`
	Task     string   `json:"task,omitempty"`
	State    string   `json:"state,omitempty"`
	Results  []string `json:"results,omitempty"`
	Error    string   `json:"error,omitempty"`

	PagesMissing int `json:"pages_missing,omitempty"` // from the results

	Languages   []string      `json:"languages,omitempty"` // chosen, if auto was asked for
	Notes       []client.Note `json:"notes,omitempty"`
	HiddenWords int           `json:"hidden_words,omitempty"`

	Confidence  float64 `json:"confidence,omitempty"`
	Doubtful    []int   `json:"doubtful_pages,omitempty"`
	NeedsReview bool    `json:"needs_review,omitempty"`
}
