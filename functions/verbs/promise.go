package verbs

import (
	"errors"
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

// promiseView is what was promised.
type promiseView struct {
	Task            string     `json:"task"`
	Application     string     `json:"application"`
	Created         time.Time  `json:"created"`
	Uploaded        *time.Time `json:"uploaded,omitempty"` // none in the promise of the creation
	Document        string     `json:"document"`
	Due             time.Time  `json:"gone_by"` // by when everything is gone, or it is known that no document came
	AfterProcessing float64    `json:"limit_after_processing_seconds"`
	Retain          float64    `json:"retained_after_processing_seconds,omitempty"`
	Fetched         bool       `json:"erased_on_fetch"`
	Region          string     `json:"region"`
	SignedBy        keyView    `json:"signed_by"`
}

// promiseCheck is the check of a promise.
type promiseCheck struct {
	checked
	Promise *promiseView `json:"promise,omitempty"`
}

// promise verifies a signed promise and prints it.
func (v *verification) promise(w io.Writer, text []byte, keys []string) error {
	if v.log != "" || v.limits != (ledger.Limits{}) {
		return Usage(errors.New("--log, --limit and --limit-after-processing are for receipts: hold a promise against the log with `lethe audit --promises`"))
	}
	out := promiseCheck{checked: checked{Kind: "promise"}}
	p, err := ledger.VerifyPromise(text, keys)
	if err == nil {
		out.Promise = &promiseView{
			Task: p.Task, Application: p.Application, Created: p.Created, Uploaded: known(p.Uploaded), Document: "unread", Due: p.Due(),
			AfterProcessing: seconds(p.Processed), Retain: seconds(p.Retain), Fetched: p.Fetched, Region: p.Region, SignedBy: viewKey(p.Key),
		}
		if p.Digest != "" {
			out.Promise.Document = "sha256:" + p.Digest
		}
		s := &out.Statements
		s.say(proven, "signature", "%s signed this promise, and no line was altered since.", out.Promise.SignedBy)
		if v.file != "" {
			if err = sameFile(p.Digest, v.file); err == nil {
				s.say(proven, "document", "The document is %s: it has the same SHA-256.", v.file)
			}
		} else {
			s.say(notChecked, "document", "Which document it was: compare yours with --file.")
		}
		s.say(notChecked, "kept", "Whether it was kept: `lethe audit --promises` holds it against the log.")
		s.foreignKey()
	}
	if v.jsonOut {
		if err != nil && outcomeOf(err) == "" {
			return err
		}
		out.conclude(err)
		return errors.Join(printJSON(w, &out), err)
	}
	if err != nil {
		return err
	}
	if err := out.Promise.print(w, &p); err != nil {
		return err
	}
	out.Statements.print(w)
	return nil
}

// print writes what was promised.
func (v *promiseView) print(w io.Writer, p *ledger.Promise) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) { fmt.Fprintf(table, "%s\t%s\n", name, Printable(value)) }
	line("task", v.Task)
	line("application", v.Application)
	line("document", v.Document)
	line("created", utc(v.Created))
	if v.Uploaded == nil {
		line("without a document", "known to the log as never uploaded at "+utc(v.Due)+" at the latest")
	} else {
		line("uploaded", utc(*v.Uploaded))
		line("everything gone", utc(v.Due)+" at the latest")
	}
	line("limit after processing", span(p.Processed))
	if p.Retain > 0 {
		line("erasure due after processing", span(p.Retain))
	}
	if p.Fetched {
		line("erased", "once every result was fetched")
	}
	line("region", v.Region)
	return table.Flush()
}
