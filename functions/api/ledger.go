package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Erasures shows that something was erased. *task.Service implements this.
type Erasures interface {
	Erasure(ctx context.Context, ref task.Ref) (*task.Task, error)
	EraseSubject(ctx context.Context, application, tag string) ([]*task.Task, error)
}

// Ledger signs receipts and serves the append-only log. *ledger.Log implements this.
type Ledger interface {
	Receipt(ctx context.Context, o ledger.Opening, e ledger.Entry) ([]byte, error)
	Promise(ctx context.Context, p ledger.Promise) ([]byte, error)
	Checkpoint(ctx context.Context) ([]byte, error)
	Keys(ctx context.Context) ([]string, error)
	File(ctx context.Context, path string) ([]byte, error)
}

const (
	textType    = "text/plain; charset=utf-8"
	ledgerPath  = "/v1/ledger/"
	tilePath    = ledgerPath + "tile/{level}/{index...}"
	retiredPath = ledgerPath + "retired/{number}/{file...}"
)

type fileOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control" doc:"How long the file may be kept."`
	Body         []byte
}

type tileInput struct {
	Level string `path:"level" doc:"A level of hashes, or entries."`
	Index string `path:"index" doc:"Number of the file as encoded by c2sp.org/tlog-tiles, with .p/N for a partial one."`
}

type retiredInput struct {
	Number string `path:"number" doc:"Number of the earlier log, starting with 1."`
	File   string `path:"file" doc:"checkpoint, or tile/ and the rest of the path as in the log itself."`
}

type erasureInput struct {
	Body struct {
		Subject string `json:"subject" minLength:"1" maxLength:"200" doc:"The tag that tasks were created with."`
	}
}

type erasureOutput struct {
	Status     int
	RetryAfter string `header:"Retry-After" doc:"With 202: seconds after which to ask again."`
	Body       struct {
		Tasks []taskView `json:"tasks" doc:"The erased tasks. The tag is not stored."`
	}
}

func (a *API) registerLedger() {
	readers := []access.Scope{access.Read, access.Auditor}
	receipt := operation(tagErasure, "getReceipt", http.MethodGet, "/v1/tasks/{id}/receipt", "Fetch the receipt of an erased task",
		"A signed text that proves the erasure with nothing but the public key. At first it says `not yet logged`; minutes later it proves that the log contains it. Available for 30 days after the erasure.")
	handle(a, refusing(file(receipt, textType), 404, 409), access.Read, a.getReceipt)
	checkpoint := operation(tagLedger, "getCheckpoint", http.MethodGet, ledgerPath+"checkpoint", "Fetch the log's checkpoint",
		"Keep it: a later audit uses it to prove that the log has only grown. Format: c2sp.org/tlog-checkpoint.")
	handleAny(a, refusing(file(checkpoint, textType), 404), readers, a.getCheckpoint)
	keys := operation(tagLedger, "getKeys", http.MethodGet, ledgerPath+"keys", "Fetch the public keys that signed the log", "One key on each line, oldest first.")
	handleAny(a, file(keys, textType), readers, a.getKeys)
	tile := operation(tagLedger, "getLedgerFile", http.MethodGet, tilePath, "Fetch a file of the log",
		"Hashes and entries as specified by c2sp.org/tlog-tiles.")
	handleAny(a, refusing(file(tile, octets), 404), readers, a.getLedgerFile)
	before := operation(tagLedger, "getRetiredLedgerFile", http.MethodGet, retiredPath, "Fetch a file of an earlier log",
		"If a log replaced an earlier one, the files of the earlier one. Each log names the last checkpoint of its predecessor.")
	handleAny(a, refusing(file(before, octets), 404), readers, a.getRetiredLedgerFile)
	erase := operation(tagErasure, "eraseSubject", http.MethodPost, "/v1/erasures", "Erase every task about a subject",
		"202 while a worker still holds one of them: repeat the request. The tag is in the body because URLs appear in logs.")
	handle(a, erase, access.Delete, a.eraseSubject)
}

// file describes an operation whose answer is a file.
func file(op huma.Operation, contentType string) huma.Operation {
	schema := &huma.Schema{Type: huma.TypeString}
	if contentType == octets {
		schema.Format = binary
	}
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The file.", Content: map[string]*huma.MediaType{contentType: {Schema: schema}}},
	}
	return op
}

func (a *API) getReceipt(ctx context.Context, in *idInput) (*fileOutput, error) {
	r, err := ref(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	t, err := a.Erasures.Erasure(ctx, r)
	if err != nil {
		return nil, err
	}
	receipt, err := a.Ledger.Receipt(ctx, t.Opening(), t.Receipt())
	if err != nil {
		return nil, err
	}
	return &fileOutput{ContentType: textType, Body: receipt}, nil
}

func (a *API) getCheckpoint(ctx context.Context, _ *struct{}) (*fileOutput, error) {
	body, err := a.Ledger.Checkpoint(ctx)
	return &fileOutput{ContentType: textType, Body: body}, err
}

func (a *API) getKeys(ctx context.Context, _ *struct{}) (*fileOutput, error) {
	keys, err := a.Ledger.Keys(ctx)
	if err == nil && len(keys) == 0 {
		err = fault.New(fault.ReceiptUnavailable, "this stamp has no signing key")
	}
	if err != nil {
		return nil, err
	}
	return &fileOutput{ContentType: textType, Body: []byte(strings.Join(keys, "\n") + "\n")}, nil
}

func (a *API) getLedgerFile(ctx context.Context, in *tileInput) (*fileOutput, error) {
	body, err := a.Ledger.File(ctx, "tile/"+in.Level+"/"+in.Index)
	// A full file never changes, and a partial one of the same name neither.
	return &fileOutput{ContentType: octets, CacheControl: "private, max-age=3600, immutable", Body: body}, err
}

func (a *API) getRetiredLedgerFile(ctx context.Context, in *retiredInput) (*fileOutput, error) {
	body, err := a.Ledger.File(ctx, "retired/"+in.Number+"/"+in.File)
	return &fileOutput{ContentType: octets, CacheControl: "private, max-age=3600, immutable", Body: body}, err
}

func (a *API) eraseSubject(ctx context.Context, in *erasureInput) (*erasureOutput, error) {
	if err := a.record(ctx, accesslog.ErasureSubject, caller(ctx).ID, ""); err != nil {
		return nil, err
	}
	httpserver.Private(ctx)
	gone, err := a.Erasures.EraseSubject(ctx, caller(ctx).ID, in.Body.Subject)
	if err != nil {
		return nil, err
	}
	out := &erasureOutput{Status: http.StatusOK}
	out.Body.Tasks = []taskView{}
	for _, t := range gone {
		if t.Erased.IsZero() {
			out.Status, out.RetryAfter = http.StatusAccepted, "5"
		}
		out.Body.Tasks = append(out.Body.Tasks, a.view(t))
	}
	return out, nil
}

// receipt adds the receipt to the view of an erased task. Without a key there is none, and the erasure counts all the same.
func (a *API) receipt(ctx context.Context, t *task.Task, v *taskView) error {
	if t.Erased.IsZero() {
		return nil
	}
	receipt, err := a.Ledger.Receipt(ctx, t.Opening(), t.Receipt())
	if fault.KindOf(err) == fault.Unavailable {
		return nil
	}
	v.Receipt = string(receipt)
	return err
}
