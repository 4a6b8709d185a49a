package verbs

import (
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// keepPromises saves what the server promised of a document beside where its results go.
func (r *run) keepPromises(w *work, t *client.Task) (err error) {
	if r.out == "" || t == nil || w.promised {
		return nil
	}
	w.promised, err = t.KeepPromises(filepath.Join(r.out, w.name))
	return err
}

// showPromise prints what was promised.
func showPromise(w io.Writer, p ledger.Promise, compared bool) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) { fmt.Fprintf(table, "%s\t%s\n", name, Printable(value)) }
	line("promise", "signed; `lethe audit --promises` reports whether it was kept")
	line("task", p.Task)
	line("application", p.Application)
	line("created", p.Created.Format(time.RFC3339))
	if p.Uploaded.IsZero() {
		line("without a document", "known to the ledger as never uploaded at "+p.Created.Add(p.Submission).Format(time.RFC3339)+" at the latest")
	} else {
		line("document came", p.Uploaded.Format(time.RFC3339))
		line("everything gone", p.Uploaded.Add(p.Unprocessed).Format(time.RFC3339)+" at the latest")
	}
	line("limit after processing", p.Processed.String())
	if p.Retain > 0 {
		line("erasure due after processing", p.Retain.String())
	}
	if p.Fetched {
		line("erased", "once every result was fetched")
	}
	line("region", p.Region)
	if compared {
		line("document", "is the file given")
	}
	return table.Flush()
}
