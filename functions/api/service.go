package api

import (
	"context"
	"net/http"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/task"
)

type retentionOutput struct {
	Body retentionView
}

// retentionView is retention as a measured number.
type retentionView struct {
	Now       time.Time        `json:"now" doc:"Time of the server."`
	Region    string           `json:"region" doc:"Where documents are processed and kept."`
	Processed float64          `json:"processed_seconds" doc:"Everything is deleted within this time after processing."`
	Upload    float64          `json:"uploaded_seconds" doc:"Everything is deleted within this time after upload."`
	Margin    float64          `json:"margin_seconds" doc:"How long before these limits deletion begins."`
	Uploads   []keptUploadView `json:"uploads" doc:"Until when documents as they were sent are kept, by the rule that a receipt names. No rule moves the limits."`
	LastSweep *time.Time       `json:"last_sweep,omitempty" doc:"When the last sweep ended."`
	Swept     task.Swept       `json:"swept" doc:"What the last sweep did."`
	Oldest    *time.Time       `json:"oldest,omitempty" doc:"Creation time of the oldest copy of any document that still exists."`
	OldestAge float64          `json:"oldest_age_seconds" doc:"Age of that copy; 0 if there is none."`
	Next      []time.Time      `json:"next" doc:"When the next deletions are due."`
	FullPass  passView         `json:"full_pass" doc:"How the full passes stand, which compare storage with records and delete what no record explains."`
}

type keptUploadView struct {
	Rule    task.UploadRule `json:"rule" doc:"As a receipt names it."`
	Meaning string          `json:"meaning" doc:"What it says, in words."`
}

// uploadRules are all that there are.
func uploadRules() []keptUploadView {
	var views []keptUploadView
	for _, r := range task.UploadRules() {
		views = append(views, keptUploadView{r, r.Meaning()})
	}
	return views
}

type passView struct {
	Began    *time.Time    `json:"began,omitempty" doc:"When the last pass began that came to its end. Older bytes that no record explained were found by it."`
	Ended    *time.Time    `json:"ended,omitempty" doc:"When it ended."`
	Age      float64       `json:"age_seconds" doc:"How long ago that is; 0 if no pass has come to its end."`
	Did      task.Swept    `json:"did" doc:"What it did."`
	Late     bool          `json:"late" doc:"Whether none has come to its end for a day."`
	UnderWay *underWayView `json:"under_way,omitempty" doc:"The pass that is under way; missing if there is none."`
}

type underWayView struct {
	Began time.Time  `json:"began" doc:"When it began."`
	Saved time.Time  `json:"saved" doc:"When it was last stored how far it is."`
	Done  int        `json:"steps_done" doc:"Steps that are done."`
	Steps int        `json:"steps" doc:"Steps of a pass."`
	Step  string     `json:"step,omitempty" doc:"The first step that is not done."`
	Did   task.Swept `json:"did" doc:"What it has done so far."`
}

type capabilitiesOutput struct {
	Body struct {
		Version   string           `json:"version" doc:"Version of the program."`
		Region    string           `json:"region" doc:"Where documents are processed and kept."`
		Languages []string         `json:"languages" doc:"Tesseract's codes of the languages that tasks may ask for."`
		Formats   []capabilityView `json:"formats" doc:"Formats of results that tasks may ask for."`
		Documents []string         `json:"documents" doc:"Media types of documents."`
		Limits    limitsView       `json:"limits" doc:"What a task may be at most."`
		Ceilings  *ceilingsView    `json:"ceilings,omitempty" doc:"The most that tasks of the calling application may ask for; languages and formats are listed accordingly."`
	}
}

type capabilityView struct {
	Format    render.Format `json:"format"`
	MediaType string        `json:"media_type" doc:"What Content-Type says of a result."`
}

type limitsView struct {
	Bytes  int64 `json:"bytes" doc:"Largest document sent to an upload link."`
	Inline int64 `json:"inline_bytes" doc:"Largest document in a request's own body, which the place of the stamp decides. Send a larger one to an upload link."`
	Pages  int   `json:"pages" doc:"Most pages of a document."`
	Pixels int64 `json:"pixels" doc:"Most pixels of one page."`
	Batch  int   `json:"batch" doc:"Most tasks created at once."`
	Retain int   `json:"retain_seconds" doc:"Default, and longest, retention after processing."`
}

type healthOutput struct {
	Body struct {
		OK bool `json:"ok" doc:"Always true."`
	}
}

type readyOutput struct {
	Status int
	Body   struct {
		Ready   bool    `json:"ready" doc:"Whether documents are accepted."`
		Checks  []Check `json:"checks" doc:"What was checked."`
		Address string  `json:"address,omitempty" doc:"The address with which links begin, unless they lead to an object store." format:"uri"`
	}
}

func (a *API) registerService() {
	handleAny(a, operation(tagService, "getRetention", http.MethodGet, "/v1/retention", "Show the retention policy and its current numbers", "Retention as it is promised, and as it is measured now."), watchers(), a.getRetention)
	handle(a, operation(tagService, "getCapabilities", http.MethodGet, "/v1/capabilities", "List languages, formats and limits", "As they apply to the calling application."), "read", a.getCapabilities)
	handle(a, operation(tagService, "getHealth", http.MethodGet, "/healthz", "Report that the process is running", "For supervisors: says nothing of storage or the engine."), open, a.getHealth)
	handle(a, operation(tagService, "getReadiness", http.MethodGet, "/readyz", "Report whether the service accepts documents", "For load balancers: 503 while a check fails. Deletion goes on all the same."), open, a.getReadiness)
}

// watchers may see the numbers of the whole stamp, in which nothing is anybody's.
func watchers() []access.Scope { return []access.Scope{access.Read, access.Operator, access.Auditor} }

func (a *API) getRetention(ctx context.Context, _ *struct{}) (*retentionOutput, error) {
	m, err := a.Tasks.Measure(ctx)
	if err != nil {
		return nil, err
	}
	v := retentionView{
		Now: a.UTC(m.Now), Region: a.Region,
		Processed: m.Policy.Processed.Seconds(), Upload: m.Policy.Unprocessed.Seconds(), Margin: m.Policy.Margin.Seconds(), Uploads: uploadRules(),
		LastSweep: a.instant(m.LastSweep), Swept: m.Last, Oldest: a.instant(m.Oldest), Next: []time.Time{}, FullPass: a.viewPass(m.Pass),
	}
	if v.Oldest != nil {
		v.OldestAge = m.OldestAge().Seconds()
	}
	for _, at := range m.Next {
		v.Next = append(v.Next, a.UTC(at))
	}
	return &retentionOutput{Body: v}, nil
}

func (a *API) viewPass(p task.PassMeasure) passView {
	v := passView{Began: a.instant(p.Began), Ended: a.instant(p.Ended), Age: p.Age.Seconds(), Did: p.Did, Late: p.Late}
	if w := p.UnderWay; w != nil {
		v.UnderWay = &underWayView{Began: a.UTC(w.Began), Saved: a.UTC(w.Saved), Done: w.Done, Steps: w.Steps, Step: w.Step, Did: w.Did}
	}
	return v
}

func (a *API) getCapabilities(ctx context.Context, _ *struct{}) (*capabilitiesOutput, error) {
	out := &capabilitiesOutput{}
	out.Body.Version, out.Body.Region = a.Version, a.Region
	held := caller(ctx).Ceilings
	out.Body.Ceilings = viewCeilings(held)
	out.Body.Languages = held.Allowed(a.Languages())
	for _, f := range held.AllowedFormats() {
		out.Body.Formats = append(out.Body.Formats, capabilityView{f, f.MediaType()})
	}
	out.Body.Documents = documentTypes()[1:]
	out.Body.Limits = limitsView{
		Bytes: a.Limits.Bytes, Inline: a.Inline, Pages: a.Limits.Pages, Pixels: a.Limits.Pixels, Batch: request.MaxBatch,
		Retain: int(held.LongestRetention(a.Policy.Processed - a.Policy.Margin).Seconds()),
	}
	return out, nil
}

func (a *API) getHealth(context.Context, *struct{}) (*healthOutput, error) {
	out := &healthOutput{}
	out.Body.OK = true
	return out, nil
}

func (a *API) getReadiness(ctx context.Context, _ *struct{}) (*readyOutput, error) {
	out := &readyOutput{Status: http.StatusOK}
	out.Body.Ready, out.Body.Checks, out.Body.Address = true, a.Ready(ctx), a.Address
	for _, c := range out.Body.Checks {
		if !c.OK {
			out.Status, out.Body.Ready = http.StatusServiceUnavailable, false
		}
	}
	return out, nil
}
