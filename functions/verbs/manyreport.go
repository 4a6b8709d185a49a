package verbs

import (
	"fmt"
	"slices"
	"time"
)

// mostTold bounds the bytes of lines about results that wait for the end.
const mostTold = 64 << 10

// report takes note of a document that ended.
func (r *run) report(w *work, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended++
	r.moved = time.Now()
	o := outcome{Document: w.name, Task: w.entry.Task}
	if w.task != nil {
		o.Task, o.State = w.task.ID, w.task.State
	}
	switch {
	case err != nil:
		o.Error = Message(err)
		r.failed = append(r.failed, Printable(w.name)+": "+o.Error)
		if r.first == nil {
			r.first = err
		}
	case !r.noWait:
		o.Results, o.PagesMissing = r.files(w), w.entry.Missing
		r.lack(w.entry)
		if w.task != nil {
			o.Notes, o.HiddenWords, o.Languages = w.task.Notes, w.task.HiddenWords, w.task.Languages
			r.shortened = r.shortened || reduced(&r.told, w.name, r.settings, w.task) // one says it for all
			told(&r.told, w.name, w.task)
			o.Confidence, o.Doubtful, o.NeedsReview = w.task.Confidence, w.task.Doubtful, w.task.NeedsReview
			Confidence(&r.told, w.name, o.Confidence, o.Doubtful, o.NeedsReview)
		}
	}
	if r.told.Len() > mostTold {
		r.bar.Clear()
		_, _ = r.told.WriteTo(r.cmd.ErrOrStderr()) // as all that is written there
	}
	out := r.cmd.OutOrStdout()
	switch {
	case r.jsonOut:
		_ = printJSON(out, o) // nobody may read along
	case r.noWait && err == nil && r.total == 1:
		fmt.Fprintln(out, Printable(o.Task))
	case r.noWait && err == nil:
		fmt.Fprintf(out, "%s\t%s\n", Printable(o.Task), Printable(w.name))
	}
	if r.bar != nil {
		r.bar.To(r.ended, r.total)
	}
}

// lack takes note of a document whose results lack pages.
func (r *run) lack(e *entry) {
	err := missingPages(e.Missing, e.Pages)
	if err == nil {
		return
	}
	r.partly++
	if r.lacks == nil {
		r.lacks = err
	}
}

// summary reports what became of all documents, and which failed.
func (r *run) summary(earlier int) error {
	slices.Sort(r.failed)
	stderr := r.cmd.ErrOrStderr()
	if r.total == 1 && r.first != nil {
		return r.first
	}
	_, _ = r.told.WriteTo(stderr) // as all that is written there
	for _, line := range r.failed {
		fmt.Fprintln(stderr, line)
	}
	done := "done"
	if r.noWait {
		done = "sent"
	}
	fmt.Fprintf(stderr, "documents: %d %s, %d done earlier, %d failed\n", r.total-earlier-len(r.failed), done, earlier, len(r.failed))
	switch {
	case len(r.failed) > 0:
		return Some(fmt.Errorf("%d of %d documents failed", len(r.failed), r.total))
	case r.partly > 0 && r.total == 1:
		return r.lacks
	case r.partly > 0:
		return Pages(fmt.Errorf("the results of %d of %d documents lack pages that could not be read", r.partly, r.total))
	}
	return nil
}
