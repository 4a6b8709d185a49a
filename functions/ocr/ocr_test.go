package ocr_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
)

// fakeTasks knows the task of every upload and notes what it is asked.
type fakeTasks struct {
	calls           []string
	landed, process error
}

var ref = task.Ref{Application: "app", ID: "01981de2-7b00-7000-8000-000000000001"}

func (f *fakeTasks) Landed(_ context.Context, name string) (*task.Task, error) {
	f.calls = append(f.calls, "landed "+name)
	if f.landed != nil {
		return nil, f.landed
	}
	return &task.Task{Ref: ref}, nil
}

func (f *fakeTasks) ProcessRead(_ context.Context, t *task.Task) (task.Outcome, error) {
	f.calls = append(f.calls, "process "+t.Ref.String())
	return task.Done, f.process
}

func TestUploads(t *testing.T) {
	const canary = "canary-7f3a"
	processed := "process " + ref.String()
	for _, c := range []struct {
		name   string
		body   []byte
		tasks  fakeTasks
		status int
		calls  []string
		event  string
	}{
		{"recorded", azuretest.Recorded(t, "blob"), fakeTasks{}, http.StatusOK, []string{"landed uploads/2026112409/app/first/1", processed}, ""},
		{"recorded, a name that is JSON", azuretest.Recorded(t, "blob-json-name"), fakeTasks{}, http.StatusOK, []string{`landed uploads/{"name":"x"}`, processed}, ""},
		{
			"outside the layout", azuretest.Blob("uploads", canary), fakeTasks{landed: fault.New(fault.ThingNotFound, "outside")},
			http.StatusOK, []string{"landed uploads/" + canary}, "",
		},
		{
			"storage away", azuretest.Blob("uploads", canary), fakeTasks{landed: fault.New(fault.StorageUnavailable, "away")},
			http.StatusInternalServerError, []string{"landed uploads/" + canary}, logevent.InvocationFailed,
		},
		{
			"state not written", azuretest.Blob("uploads", canary), fakeTasks{process: fault.New(fault.StorageUnavailable, "away")},
			http.StatusInternalServerError, []string{"landed uploads/" + canary, processed}, logevent.InvocationFailed,
		},
		{"another container", azuretest.Blob("results", canary), fakeTasks{}, http.StatusOK, nil, logevent.InvocationMalformed},
		{"a queue message", azuretest.Recorded(t, "poison"), fakeTasks{}, http.StatusOK, nil, logevent.InvocationMalformed},
		{"a timer", azuretest.Recorded(t, "timer"), fakeTasks{}, http.StatusOK, nil, logevent.InvocationMalformed},
		{"inline content", inline(t, canary), fakeTasks{}, http.StatusOK, []string{"landed uploads/1", processed}, logevent.InvocationInline},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&log, nil))
			h := azure.New(http.NotFoundHandler(), map[string]azure.Function{ocr.Name: ocr.New(&c.tasks, logger)}, logger)
			if status := azuretest.Invoke(t, h, ocr.Name, c.body); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if diff := cmp.Diff(c.calls, c.tasks.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			var line struct{ Msg string }
			if err := json.Unmarshal(log.Bytes(), &line); c.event != "" && err != nil || line.Msg != c.event {
				t.Errorf("logged %q, want %q", log.String(), c.event)
			}
			if strings.Contains(log.String(), canary) {
				t.Errorf("content in the log: %s", log.String())
			}
		})
	}
}

// inline is a payload in which the host sent the blob's content.
func inline(t *testing.T, content string) []byte {
	t.Helper()
	var p map[string]map[string]any
	if err := json.Unmarshal(azuretest.Blob("uploads", "1"), &p); err != nil {
		t.Fatal(err)
	}
	p["Data"][ocr.Binding] = base64.StdEncoding.EncodeToString([]byte(content))
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
