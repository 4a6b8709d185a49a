package api

import (
	"reflect"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// samples are an operation's examples by media type: of its body, and of its answers when all is well.
type samples struct {
	requests, answers map[string][]any
}

func problemType() reflect.Type { return reflect.TypeFor[httpserver.Problem]() }

// What the examples have in common.
const (
	exampleTask = "01997c2e-5b1a-7c3d-9f10-2b6a4f0d8e71"
	exampleApp  = "7d0c3b1e-6a52-4f0c-8a2e-5d9b1c4e7f30"
	exampleCase = "01997c31-0a44-7b0e-8d21-90c1b2a3d4e5"
	exampleDay  = "2026-03-01T12:00:00Z"
	examplePDF  = "%PDF-1.7 …"
)

// moment is a time of the day of the examples.
func moment(after time.Duration) time.Time {
	day, err := time.Parse(time.RFC3339, exampleDay)
	if err != nil {
		panic(err) // a constant
	}
	return day.Add(after)
}

func moments(after time.Duration) *time.Time { return some(moment(after)) }

// examples lists them by operation.
func (a *API) examples() map[string]samples {
	all := map[string]samples{}
	for _, list := range []map[string]samples{taskExamples(), resultExamples(), erasureExamples(), ledgerExamples(), caseExamples(), applicationExamples(), webhookExamples(), serviceExamples()} {
		for id, s := range list {
			all[id] = s
		}
	}
	return all
}

func asJSON(values ...any) map[string][]any { return map[string][]any{jsonType: values} }

func asText(mediaType, text string) map[string][]any { return map[string][]any{mediaType: {text}} }

// A task in the states that a client meets.
func waitingTask() taskView {
	return taskView{
		ID: exampleTask, State: task.Submitted, Created: moment(0),
		Settings: &request.Settings{Languages: []string{"eng"}, Formats: []string{"txt", "pdf"}, Profile: "accurate", OnPageError: "continue", Signature: "rewrite", Size: 48_213},
		Upload:   &linkView{URL: "https://lethe.example/store/in/" + exampleTask + "?sig=…", Method: "PUT", Expires: moment(15 * time.Minute)},
		EraseDue: moments(time.Hour), DeleteAfter: moments(2 * time.Hour), Promise: "lethe-promise/v1\n…",
	}
}

func queuedTask() taskView {
	t := waitingTask()
	t.State, t.Uploaded, t.Upload, t.Type, t.Bytes, t.Promise = task.Queued, moments(time.Second), nil, ocr.PDF, 48_213, ""
	t.Acceptance = "lethe-promise/v1\n…"
	return t
}

func completedTask() taskView {
	t := queuedTask()
	t.State, t.Ended, t.Pages = task.Completed, moments(4*time.Second), &pageCountsView{Total: 2, Done: 2}
	for _, f := range []render.Format{render.TXT, render.PDF} {
		t.Results = append(t.Results, taskResultView{
			Format: f, MediaType: f.MediaType(), Bytes: 3_120,
			URL: "https://lethe.example/store/out/" + exampleTask + "/" + string(f) + "?sig=…", Expires: moments(15 * time.Minute),
		})
	}
	t.Notes = []taskNoteView{{Code: ocr.LayerUnchecked, Detail: ocr.LayerUnchecked.Sentence(), Pages: 1}}
	return t
}

func failedTask() taskView {
	t := queuedTask()
	t.State, t.Ended = task.ProcessingFailed, moments(2*time.Second)
	t.Failure = &taskFailureView{Code: fault.DocumentPasswordNeed, Detail: fault.DocumentPasswordNeed.Meaning(), Retryable: false}
	return t
}

func erasedTask() taskView {
	return taskView{
		ID: exampleTask, State: task.Deleted, Created: moment(0), Uploaded: moments(time.Second), Ended: moments(4 * time.Second),
		Reason: retention.DeleteRequested, Removed: moments(time.Minute), Erased: moments(time.Minute), Receipt: exampleReceipt,
	}
}

const exampleReceipt = "lethe-receipt/v1\ntask " + exampleTask + "\nnonce …\ninput unread\n\nlethe/v1 receipt\nsubject …\n\n— lethe.example …\n\nnot yet logged\n"

func taskExamples() map[string]samples {
	shared := true
	wanted := request.Settings{Languages: []string{"eng", "deu"}, Formats: []string{"txt", "pdf"}, RetainSeconds: 3600, Size: 48_213}
	batch := batchInput{}
	batch.Body.Tasks = []batchItem{{Settings: wanted, IdempotencyKey: "invoice-4711"}, {Settings: request.Settings{DeleteOnFetch: &shared}}}
	made, refused := waitingTask(), httpserver.NewProblem(fault.New(fault.LanguageUnknown, "a language is not installed; installed are: eng, deu").In("languages"))
	batched, list := batchOutput{}, tasksOutput{}
	batched.Body.Tasks = []batchResult{{Task: &made}, {Problem: refused}}
	list.Body.Tasks, list.Body.After = []taskView{queuedTask()}, exampleTask
	document := map[string][]any{}
	for _, t := range documentTypes() {
		document[t] = []any{"The bytes of the document."}
	}
	return map[string]samples{
		createTask:             {asJSON(wanted), asJSON(waitingTask())},
		createTaskFromDocument: {document, asJSON(queuedTask())},
		"createTasks":          {asJSON(batch.Body), asJSON(batched.Body)},
		"listTasks":            {nil, asJSON(list.Body)},
		"getTask":              {nil, asJSON(queuedTask(), completedTask(), failedTask())},
		"renewUploadLink":      {nil, asJSON(waitingTask().Upload)},
	}
}

func resultExamples() map[string]samples {
	box := ocr.Box{X0: 120, Y0: 96, X1: 310, Y1: 132}
	word := ocr.Word{Text: "Invoice", Box: box, Confidence: 96.4}
	page := ocr.Page{
		Number: 1, Width: 1240, Height: 1754, DPI: 150, Origin: ocr.Recognised, Confidence: 96.4,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{{Box: box, Words: []ocr.Word{word}}}}}}},
	}
	results := map[string][]any{}
	for _, f := range render.Formats() {
		mediaType, _, _ := strings.Cut(f.MediaType(), ";")
		results[mediaType] = []any{"The result, in the format " + string(f) + "."}
	}
	results[jsonType] = []any{render.Result{
		Head:  render.Head{Version: 1, ID: exampleTask, Software: "lethe", Created: moment(4 * time.Second), Languages: []string{"eng"}},
		Pages: []ocr.Page{page},
	}}
	return map[string]samples{"getResult": {nil, results}}
}

func erasureExamples() map[string]samples {
	wanted, gone := erasureInput{}, erasureOutput{}
	wanted.Body.Subject, gone.Body.Tasks = "case-0815", []taskView{erasedTask()}
	return map[string]samples{
		"deleteTask":   {nil, asJSON(erasedTask())},
		"eraseSubject": {asJSON(wanted.Body), asJSON(gone.Body)},
		"getReceipt":   {nil, asText("text/plain", exampleReceipt)},
	}
}

func ledgerExamples() map[string]samples {
	entries := accessLogOutput{}
	entries.Body.Entries = []accessEntryView{{
		At: moment(time.Minute), Application: exampleApp, Who: exampleApp, Scope: access.Read, Act: accesslog.ResultLink, Task: exampleTask,
		Text: "at …\napplication " + exampleApp + "\n…", Nonce: "q83vEjRWeJA", Commitment: "mVZ3sYw9b1uXo2e0",
	}}
	return map[string]samples{
		"getAccessLog":         {nil, asJSON(entries.Body)},
		"getCheckpoint":        {nil, asText("text/plain", "lethe.example/ledger\n42\n…\n\n— lethe.example/ledger …\n")},
		"getKeys":              {nil, asText("text/plain", "lethe.example/ledger+…+…\n")},
		"getLedgerFile":        {nil, asText(octets, "The bytes of the file.")},
		"getRetiredLedgerFile": {nil, asText(octets, "The bytes of the file.")},
	}
}

func caseExamples() map[string]samples {
	wanted, list := caseInput{}, casesOutput{}
	wanted.Body.Application, wanted.Body.Task, wanted.Body.Reason, wanted.Body.Hours = exampleApp, exampleTask, "Pages come out blank, ticket 4711", 1
	waiting := caseView{
		ID: exampleCase, State: review.Waiting, Application: exampleApp, Task: exampleTask, Reason: wanted.Body.Reason,
		Opened: moment(time.Minute), OpenedBy: "reviewer-a", Ends: moment(24 * time.Hour),
	}
	approved := waiting
	approved.State, approved.Approved, approved.ApprovedBy, approved.Ends = review.Open, moments(time.Hour), "reviewer-b", moment(2*time.Hour)
	closed := approved
	closed.State, closed.Closed, closed.ClosedBy = review.Closed, moments(90*time.Minute), "reviewer-a"
	list.Body.Cases = []caseView{waiting}
	return map[string]samples{
		"openCase": {asJSON(wanted.Body), asJSON(waiting)}, "listCases": {nil, asJSON(list.Body)}, "getCase": {nil, asJSON(waiting)},
		"approveCase": {nil, asJSON(approved)}, "closeCase": {nil, asJSON(closed)},
		"getDerivative": {nil, asText(octets, "The bytes of a ZIP file.")}, "getOriginal": {nil, asText(octets, examplePDF)},
	}
}

func applicationExamples() map[string]samples {
	wanted, rotation, list := applicationInput{}, rotateInput{}, applicationsOutput{}
	wanted.Body.Name, wanted.Body.Scopes = "scanner", []access.Scope{access.Submit, access.Read, access.Delete}
	wanted.Body.Caps = &task.Caps{OpenTasks: 500, BytesPerDay: 1 << 34, PagesPerDay: 100_000}
	wanted.Body.Ceilings = &ceilingsView{RetainSeconds: 3600, Formats: []render.Format{render.TXT, render.PDF}}
	rotation.Body.GraceSeconds = 86_400
	known := applicationView{
		ID: exampleApp, Name: wanted.Body.Name, Scopes: wanted.Body.Scopes, Caps: *wanted.Body.Caps, Ceilings: wanted.Body.Ceilings, Created: moment(0),
		Secrets: []secretView{{ID: "s1", Created: moment(0)}},
	}
	made, revoked := known, known
	made.Secret, revoked.Revoked, revoked.Secrets = "shown once, now", moments(time.Hour), []secretView{}
	list.Body.Applications = []applicationView{known}
	return map[string]samples{
		"createApplication": {asJSON(wanted.Body), asJSON(made)}, "listApplications": {nil, asJSON(list.Body)},
		"rotateSecret": {asJSON(rotation.Body), asJSON(made)}, "revokeApplication": {nil, asJSON(revoked)},
	}
}

func webhookExamples() map[string]samples {
	wanted, rotation, list, log := webhookInput{}, webhookSecretInput{}, webhooksOutput{}, deliveriesOutput{}
	wanted.Body.URL, wanted.Body.Events = "https://hooks.example.org/lethe", webhook.Types()
	rotation.Body.GraceSeconds = 86_400
	made := webhookView{ID: "9f86d081884c7d65", Application: exampleApp, URL: wanted.Body.URL, Events: webhook.Types(), State: webhook.Pending, Created: moment(0), Generation: 1}
	active := made
	active.State, active.Verified = webhook.Active, moments(time.Minute)
	keys := webhookKeysView{made, "whsec_…", "whpk_…"}
	list.Body.Webhooks = []webhookView{active}
	log.Body.Deliveries = []deliveryView{{
		ID: "msg_" + strings.ReplaceAll(exampleTask, "-", "") + "_1", Webhook: made.ID, Event: webhook.TaskCompleted, Task: exampleTask, State: task.Completed,
		Sequence: 1, At: moment(0), Until: moment(24 * time.Hour), Attempts: 1, Tried: moments(time.Second), Ended: moments(time.Second),
		Outcome: webhook.Delivered, Status: 204,
	}}
	return map[string]samples{
		"createWebhook": {asJSON(wanted.Body), asJSON(keys)}, "listWebhooks": {nil, asJSON(list.Body)},
		"testWebhook":         {nil, asJSON(webhookTestView{Webhook: active, Outcome: webhook.Delivered, Status: 200, Answered: true, Milliseconds: 41})},
		"rotateWebhookSecret": {asJSON(rotation.Body), asJSON(keys)}, "removeWebhook": {nil, asJSON(active)}, "listDeliveries": {nil, asJSON(log.Body)},
	}
}

func serviceExamples() map[string]samples {
	able, used, health, ready, unready := capabilitiesOutput{}, usageOutput{}, healthOutput{}, readyOutput{}, readyOutput{}
	able.Body.Version, able.Body.Region, able.Body.Languages = "v1.0.0", "westeurope", []string{"deu", "eng"}
	for _, f := range render.Formats() {
		able.Body.Formats = append(able.Body.Formats, capabilityView{f, f.MediaType()})
	}
	able.Body.Documents = ocr.MediaTypes()
	able.Body.Limits = limitsView{Bytes: 1 << 30, Inline: 100 << 20, Pages: 5_000, Pixels: 400_000_000, Batch: request.MaxBatch, Retain: 82_800}
	used.Body.From, used.Body.To = "2026-03-01", "2026-03-01"
	used.Body.Days = []usageView{{Application: exampleApp, Day: "2026-03-01", Documents: 42, Failed: 1, Pages: 310, Bytes: 98_304_512}}
	health.Body.OK = true
	ready.Body.Ready, ready.Body.Checks = true, []Check{{Name: "storage", OK: true}}
	ready.Body.Address, unready.Body.Address = "https://ocr.example.org", "https://ocr.example.org"
	unready.Body.Checks = []Check{{Name: "storage", Detail: "storage did not answer within 5s; see its status"}}
	return map[string]samples{
		"getCapabilities": {nil, asJSON(able.Body)},
		"getUsage":        {nil, asJSON(used.Body)},
		"getRetention": {nil, asJSON(retentionView{
			Now: moment(time.Hour), Region: "westeurope", Processed: 86_400, Upload: 172_800, Margin: 3_600, Uploads: uploadRules(), LastSweep: moments(58 * time.Minute),
			Swept: task.Swept{Seen: 3, Erased: 2, Took: 41 * time.Millisecond}, Oldest: moments(0), OldestAge: 3_600, Next: []time.Time{moment(2 * time.Hour)},
			FullPass: passView{
				Began: moments(10 * time.Minute), Ended: moments(11 * time.Minute), Age: 2_940, Did: task.Swept{Seen: 120, Strays: 1, Took: 4 * time.Second},
				UnderWay: &underWayView{
					Began: moment(58 * time.Minute), Saved: moment(59 * time.Minute), Done: 2, Steps: 10, Step: "work",
					Did: task.Swept{Seen: 80, Took: 2 * time.Second},
				},
			},
		})},
		"getMetrics":     {nil, asText("text/plain", "# HELP lethe_queue_age_seconds …\n# TYPE lethe_queue_age_seconds gauge\nlethe_queue_age_seconds 1.5\n")},
		"getHealth":      {nil, asJSON(health.Body)},
		"getReadiness":   {nil, asJSON(ready.Body, unready.Body)},
		"getDocs":        {nil, asText("text/html", "<!DOCTYPE html>…")},
		"getDescription": {nil, map[string][]any{openAPIType: {map[string]any{"openapi": "3.1.0"}}}},
	}
}
