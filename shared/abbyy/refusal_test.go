package abbyy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/fault"
)

// What the service refuses, in the words of both versions: status of the first, status, code and detail of the second.
func TestFaultsBecomeRefusalsOfBothVersions(t *testing.T) {
	argument := func(code, target string) []abbyy.Detail { return []abbyy.Detail{{Code: code, Target: target}} }
	for _, test := range []struct {
		err      error
		v1, v2   int
		code     string
		details  []abbyy.Detail
		sentence string
	}{
		{abbyy.MissingFile(), 450, 400, "InvalidArgument", argument("MissingArgument", "File"), "No file has been specified"},
		{fault.New(fault.DocumentEmpty, ""), 450, 400, "InvalidArgument", argument("MissingArgument", "File"), "No file has been specified"},
		{fault.New(fault.DocumentUnknownType, "it is text"), 551, 400, "FileFormatUnsupported", nil, "It is text."},
		{fault.New(fault.MediaUnsupported, ""), 551, 400, "FileFormatUnsupported", nil, "The media type"},
		{fault.New(fault.DocumentDamaged, ""), 551, 400, "FileCantOpenImage", nil, "damaged"},
		{fault.New(fault.DocumentRestricted, ""), 551, 400, "FileHasAccessRestrictions", nil, "forbids"},
		{fault.New(fault.DocumentPasswordWrong, ""), 450, 400, "FileWrongAccessPassword", nil, "password"},
		{fault.New(fault.DocumentPasswordNeed, ""), 450, 400, "FileWrongAccessPassword", nil, "password"},
		{fault.New(fault.DocumentTooManyPages, ""), 551, 400, "InvalidArgument", argument("InvalidParameterValue", "File"), "more pages"},
		{fault.New(fault.DocumentTooLarge, "").In("size"), 450, 413, "InvalidArgument", argument("InvalidParameterValue", "File"), "larger"},
		{fault.New(fault.BodyTooLarge, ""), 450, 413, "InvalidArgument", argument("InvalidParameterValue", "File"), "larger"},
		{fault.New(fault.TaskNotFound, ""), 450, 400, "InvalidArgument", argument("InvalidParameterValue", "TaskId"), "taskId: "},
		{fault.New(fault.TaskErased, ""), 450, 400, "InvalidTaskState", nil, "erased"},
		{fault.New(fault.WrongState, "the task is InProgress"), 450, 400, "InvalidTaskState", nil, "The task is InProgress."},
		{fault.New(fault.LanguageUnknown, "").In("languages"), 450, 400, "InvalidArgument", argument("InvalidParameterValue", "Language"), "not installed"},
		{fault.New(fault.FormatUnknown, "").In("formats"), 450, 400, "InvalidArgument", argument("InvalidParameterValue", "ExportFormat"), "format"},
		{fault.New(fault.BadField, "").In("password"), 450, 400, "InvalidArgument", argument("InvalidParameterValue", "PdfPassword"), "field"},
		{fault.New(fault.BadField, "").In("description"), 450, 400, "InvalidArgument", argument("InvalidParameterValue", "Description"), "field"},
		{fault.New(fault.BadRequest, ""), 450, 400, "InvalidArgument", argument("InvalidParameterValue", "File"), "malformed"},
		{fault.New(fault.OpenTasksExceeded, ""), 450, 429, "QuotaExceeded", nil, "too many"},
		{fault.New(fault.BytesExceeded, ""), 450, 429, "QuotaExceeded", nil, "bytes"},
		{fault.New(fault.RateLimited, "").Retry(time.Second), 429, 429, "TooManyRequests", nil, "slow down"},
		{fault.New(fault.Unauthorized, ""), 401, 401, "Unauthorized", nil, "Credentials"},
		{fault.New(fault.ScopeMissing, ""), 403, 403, "Forbidden", nil, "scope"},
		{abbyy.NotEnabled(), 403, 403, "Forbidden", nil, "ask the operator"},
		{fault.New(fault.ThingNotFound, ""), 404, 404, "NotFound", nil, "nothing"},
		{fault.New(fault.MethodNotAllowed, ""), 405, 405, "MethodNotAllowed", nil, "method"},
		{fault.New(fault.UploadTooSlow, ""), 408, 408, "InvalidArgument", argument("InvalidParameterValue", "File"), "slow"},
		{fault.New(fault.StorageUnavailable, "").Retry(time.Second), 503, 503, "ServiceUnavailable", nil, "Storage"},
		{fault.New(fault.InternalError, "secret"), 550, 500, "InternalServerError", nil, "Something went wrong"},
		{errors.New("secret"), 550, 500, "InternalServerError", nil, "Something went wrong"},
		{fmt.Errorf("while: %w", fault.Wrap(errors.New("secret"), fault.WrongState, "no")), 450, 400, "InvalidTaskState", nil, "No."},
	} {
		m1, m2 := method(t, abbyy.V1, "processImage"), method(t, abbyy.V2, "processImage")
		r1, r2 := m1.RefusalOf(test.err), m2.RefusalOf(test.err)
		if r1.Status != test.v1 || r2.Status != test.v2 || r2.Code != test.code {
			t.Errorf("%v: %d, and %d with %s; want %d, and %d with %s", test.err, r1.Status, r2.Status, r2.Code, test.v1, test.v2, test.code)
		}
		if !strings.Contains(r1.Message, test.sentence) || r1.Message != r2.Message || strings.Contains(r1.Message, "secret") {
			t.Errorf("%v: %q and %q, want %q", test.err, r1.Message, r2.Message, test.sentence)
		}
		for i := range r2.Details {
			if r2.Details[i].Message == "" {
				t.Errorf("%v: a detail says nothing", test.err)
			}
			r2.Details[i].Message = ""
		}
		if diff := cmp.Diff(test.details, r2.Details); diff != "" {
			t.Errorf("%v, details (-want +got):\n%s", test.err, diff)
		}
		if f, ok := errors.AsType[*fault.Error](test.err); ok && r1.RetryAfter != f.After {
			t.Errorf("%v: to be tried again after %s", test.err, r1.RetryAfter)
		}
		if allowed := len(r1.Allow) > 0; allowed != (r1.Status == 405) {
			t.Errorf("%v: verbs %q", test.err, r1.Allow)
		}
	}
}

// Every code that the service can refuse with has a status of the interface, and a sentence.
func TestEveryFaultHasARefusal(t *testing.T) {
	for _, code := range fault.Codes() {
		for _, v := range []abbyy.Version{abbyy.V1, abbyy.V2} {
			r := abbyy.Method{Version: v}.RefusalOf(fault.New(code, ""))
			internal := r.Status == 550 || r.Status == 500
			if r.Status < 400 || r.Code == "" || r.Message == "" || internal != (code.Kind() == fault.Internal) {
				t.Errorf("%s: %+v", code, r)
			}
		}
	}
}

func TestRefusalsAreWrittenAsClientsReadThem(t *testing.T) {
	r := &abbyy.Refusal{Status: 450, Code: "InvalidArgument", Message: "a <b> & c", Details: []abbyy.Detail{{Code: "MissingArgument", Message: "m", Target: "File"}}}
	a := abbyy.V1.Refuse(r)
	want := `<?xml version="1.0" encoding="utf-8"?><error><message language="english">a &lt;b&gt; &amp; c</message></error>`
	if a.Status != 450 || a.MediaType != "text/xml; charset=utf-8" || string(a.Body) != want {
		t.Errorf("%d %s %s", a.Status, a.MediaType, a.Body)
	}
	r.Status = 400
	a = abbyy.V2.Refuse(r)
	want = `{"error":{"code":"InvalidArgument","message":"a <b> & c","target":null,"details":[{"code":"MissingArgument","message":"m","target":"File"}]}}`
	if a.Status != 400 || a.MediaType != "application/json; charset=utf-8" || string(a.Body) != want {
		t.Errorf("%d %s %s", a.Status, a.MediaType, a.Body)
	}
	r.Details = nil
	if a := abbyy.V2.Refuse(r); !strings.HasSuffix(string(a.Body), `"target":null,"details":[]}}`) {
		t.Errorf("without details: %s", a.Body)
	}
}

func TestVerbsOfMethods(t *testing.T) {
	for _, test := range []struct {
		v        abbyy.Version
		name     string
		verbs    string
		accepted string
	}{
		{abbyy.V1, "processImage", "POST", "POST"},
		{abbyy.V1, "processDocument", "GET", "GET POST"},
		{abbyy.V1, "deleteTask", "GET", "GET POST"},
		{abbyy.V2, "deleteTask", "POST", "GET POST"},
		{abbyy.V2, "processDocument", "POST", "GET POST"},
		{abbyy.V2, "listTasks", "GET", "GET POST"},
	} {
		m := method(t, test.v, test.name)
		var accepted []string
		for _, verb := range []string{"DELETE", "GET", "PATCH", "POST", "PUT"} {
			if m.Allow(verb) == nil {
				accepted = append(accepted, verb)
			}
		}
		if m.Verbs[0] != test.verbs || strings.Join(accepted, " ") != test.accepted {
			t.Errorf("%s in version %d: documented %s, accepted %q", test.name, test.v, m.Verbs[0], accepted)
		}
	}
}
