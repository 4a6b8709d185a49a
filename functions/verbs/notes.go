package verbs

import (
	"fmt"
	"io"

	"github.com/lethe-ocr/lethe/shared/client"
)

// Told writes what is to be told of a document's results: one line for each note, after its name.
func Told(w io.Writer, name string, notes []client.Note, hiddenWords int) {
	if hiddenWords > 0 {
		fmt.Fprintf(w, "%s: words of its text layer that do not show were left out (hidden_words: %d)\n", Printable(name), hiddenWords)
	}
	for _, n := range notes {
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

// outcome is a line of --json.
type outcome struct {
	Document string   `json:"document"`
	Task     string   `json:"task,omitempty"`
	State    string   `json:"state,omitempty"`
	Results  []string `json:"results,omitempty"`
	Error    string   `json:"error,omitempty"`

	PagesMissing int `json:"pages_missing,omitempty"` // from the results

	Notes       []client.Note `json:"notes,omitempty"`
	HiddenWords int           `json:"hidden_words,omitempty"`
}
