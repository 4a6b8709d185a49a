package abbyy_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

const id = "0198c0de-1234-7abc-8def-0123456789ab"

func noon() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 999, time.UTC) }

func told(status abbyy.Status) abbyy.Task {
	return abbyy.Task{ID: id, Registered: noon(), Changed: noon().Add(time.Minute), Status: status, Files: 2}
}

// Clients search answers of version 1 with regular expressions: they must be these very bytes.
func TestAnswersInXMLAreByteForByteWhatClientsSearch(t *testing.T) {
	const (
		declaration = `<?xml version="1.0" encoding="utf-8"?>`
		head        = `<task id="` + id + `" registrationTime="2026-11-30T12:00:00Z" statusChangeTime="2026-11-30T12:01:00Z" status=`
	)
	completed := told(abbyy.Completed)
	completed.Links, completed.Description = []string{"https://h/1.txt", "https://h/2.xml", "https://h/3.pdf"}, "a \"b\" <c> & d\u0001"
	failed := told(abbyy.ProcessingFailed)
	failed.Error = "The document is damaged."
	for want, got := range map[string]abbyy.Answer{
		`<response>` + head + `"Queued" filesCount="2" credits="0" estimatedProcessingTime="1" /></response>`:                abbyy.V1.Task(told(abbyy.Queued)),
		`<response>` + head + `"InProgress" filesCount="2" credits="0" estimatedProcessingTime="1" /></response>`:            abbyy.V1.Task(told(abbyy.InProgress)),
		`<response>` + head + `"Submitted" filesCount="2" credits="0" /></response>`:                                         abbyy.V1.Task(told(abbyy.Submitted)),
		`<response>` + head + `"ProcessingFailed" error="The document is damaged." filesCount="2" credits="0" /></response>`: abbyy.V1.Task(failed),
		`<response>` + head + `"Completed" filesCount="2" credits="0" resultUrl="https://h/1.txt" resultUrl2="https://h/2.xml" resultUrl3="https://h/3.pdf" ` +
			"description=\"a &#34;b&#34; &lt;c&gt; &amp; d\uFFFD\" /></response>": abbyy.V1.Task(completed),
		`<response />`: abbyy.V1.Tasks(nil),
		`<response>` + head + `"Deleted" filesCount="2" credits="0" />` + head + `"Submitted" filesCount="2" credits="0" /></response>`: abbyy.V1.Tasks([]abbyy.Task{
			told(abbyy.Deleted), told(abbyy.Submitted),
		}),
		`<info xmlns="http://ocrsdk.com/schema/appInfo-1.0.xsd"><application><id>old name</id><displayName>Archive</displayName><pages>7</pages><fields>35</fields>` +
			`<expires>2026-11-30T12:00:00</expires><type>Normal</type><name>Archive</name></application></info>`: abbyy.V1.Application(
			abbyy.Application{ID: "old name", Name: "Archive", Pages: 7, Expires: noon()}),
		`<info xmlns="http://ocrsdk.com/schema/appInfo-1.0.xsd"><application><id>i</id><displayName>n</displayName><pages>1000000</pages><fields>5000000</fields>` +
			`<expires>2099-12-31T23:59:59</expires><type>Normal</type><name>n</name></application></info>`: abbyy.V1.Application(
			abbyy.Application{ID: "i", Name: "n"}),
	} {
		if diff := cmp.Diff(declaration+want, string(got.Body)); diff != "" || got.Status != 200 || got.MediaType != "text/xml; charset=utf-8" {
			t.Errorf("status %d, %s (-want +got):\n%s", got.Status, got.MediaType, diff)
		}
		parsed(t, got.Body)
	}
}

// parsed fails if a document is not well-formed.
func parsed(t *testing.T, document []byte) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(string(document))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, document)
		}
	}
}

func TestAnswersInJSONHaveTheDocumentedFieldsInTheirOrder(t *testing.T) {
	const head = `{"taskId":"` + id + `","registrationTime":"2026-11-30T12:00:00Z","statusChangeTime":"2026-11-30T12:01:00Z","status":`
	completed := told(abbyy.Completed)
	completed.Links, completed.Description = []string{"https://h/1.txt"}, "a & <b>"
	failed := told(abbyy.ProcessingFailed)
	failed.Error = "The document is damaged."
	for want, got := range map[string]abbyy.Answer{
		head + `"Queued","filesCount":2,"requestStatusDelay":1000}`:                                                          abbyy.V2.Task(told(abbyy.Queued)),
		head + `"Submitted","filesCount":2,"requestStatusDelay":0}`:                                                          abbyy.V2.Task(told(abbyy.Submitted)),
		head + `"ProcessingFailed","filesCount":2,"error":"The document is damaged.","requestStatusDelay":0}`:                abbyy.V2.Task(failed),
		head + `"Completed","filesCount":2,"requestStatusDelay":0,"resultUrls":["https://h/1.txt"],"description":"a & <b>"}`: abbyy.V2.Task(completed),
		`{"tasks":[]}`: abbyy.V2.Tasks(nil),
		`{"tasks":[` + head + `"Deleted","filesCount":2,"requestStatusDelay":0}]}`: abbyy.V2.Tasks([]abbyy.Task{told(abbyy.Deleted)}),
		`{"id":"i","displayName":"n","pages":1000000,"fields":5000000,"expires":"2099-12-31T23:59:59Z","type":"Normal"}`: abbyy.V2.Application(
			abbyy.Application{ID: "i", Name: "n"}),
	} {
		if diff := cmp.Diff(want, string(got.Body)); diff != "" || got.Status != 200 || got.MediaType != "application/json; charset=utf-8" {
			t.Errorf("status %d, %s (-want +got):\n%s", got.Status, got.MediaType, diff)
		}
		if !json.Valid(got.Body) {
			t.Errorf("no JSON: %s", got.Body)
		}
	}
}

func TestTaskIsToldFromItsRecord(t *testing.T) {
	ref := task.Ref{Application: "a", ID: id}
	record := task.Task{
		Ref: ref, Created: noon(), Updated: noon().Add(time.Minute), Ended: noon().Add(time.Hour), Removed: noon().Add(3 * time.Hour),
		EndedAgain: noon().Add(2 * time.Hour), // processed twice
		Client:     task.ClientText{Description: "of the client"},
	}
	links := []string{"https://h/1.txt"}
	for state, want := range map[task.State]abbyy.Task{
		task.Submitted:        {Status: abbyy.Submitted, Changed: record.Updated},
		task.Queued:           {Status: abbyy.Queued, Changed: record.Updated},
		task.InProgress:       {Status: abbyy.InProgress, Changed: record.Updated},
		task.Completed:        {Status: abbyy.Completed, Changed: record.EndedAgain, Links: links},
		task.ProcessingFailed: {Status: abbyy.ProcessingFailed, Changed: record.EndedAgain, Error: "why"},
		task.Deleted:          {Status: abbyy.Deleted, Changed: record.Removed},
	} {
		record := record
		record.State = state
		record.Failure = &task.Failure{Code: fault.DocumentDamaged, Detail: "why"}
		want.ID, want.Registered, want.Files, want.Description = id, noon(), 3, "of the client"
		if diff := cmp.Diff(want, abbyy.TaskOf(&record, 3, links)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", state, diff)
		}
	}
}

// Clients of methods that begin something stop at any other status than that of a beginning.
func TestMethodsThatBeginAnswerWithTheirFirstStatus(t *testing.T) {
	done := told(abbyy.Completed)
	done.Links = []string{"https://h/1.txt"}
	for name, want := range map[string]abbyy.Status{
		"processImage": abbyy.Queued, "processDocument": abbyy.Queued, "processFields": abbyy.Queued, "processMRZ": abbyy.Queued,
		"submitImage": abbyy.Submitted, "deleteTask": abbyy.Deleted, "getTaskStatus": abbyy.Completed,
	} {
		m := method(t, abbyy.V1, name)
		got := m.Answered(done)
		if got.Status != want || (got.Links != nil) != (want == abbyy.Completed) {
			t.Errorf("%s answers %+v, want %s", name, got, want)
		}
	}
}

func method(t *testing.T, v abbyy.Version, name string) abbyy.Method {
	t.Helper()
	m, err := v.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMethodsAreFoundInAnyCaseAndWithdrawnOnesNot(t *testing.T) {
	for _, v := range []abbyy.Version{abbyy.V1, abbyy.V2} {
		for _, name := range []string{"processImage", "PROCESSIMAGE", "processMrz", "gettaskstatus"} {
			if m := method(t, v, name); !strings.EqualFold(m.Name, name) || m.Version != v {
				t.Errorf("%s is %+v", name, m)
			}
		}
		for _, name := range []string{"", "processReceipt", "processPhotoId", "processRemoteImage", "activateNewInstallation", "processImages"} {
			m, err := v.Find(name)
			if r := m.RefusalOf(err); fault.KindOf(err) != fault.NotFound || r.Status != 404 {
				t.Errorf("%q: %v, refused with %d", name, err, r.Status)
			}
		}
	}
}

func TestListsAreOrdered(t *testing.T) {
	var tasks []abbyy.Task
	at := noon().Truncate(time.Second)
	for i := range 1200 {
		status := []abbyy.Status{abbyy.Completed, abbyy.Deleted, abbyy.Queued, abbyy.ProcessingFailed}[i%4]
		tasks = append(tasks, abbyy.Task{Registered: at.Add(time.Duration(i) * time.Second), Changed: at.Add(-time.Duration(i) * time.Second), Status: status})
	}
	call := &abbyy.Call{From: at.Add(100 * time.Second), To: at.Add(1150 * time.Second)}
	wanted := func() []abbyy.Task {
		return slices.DeleteFunc(slices.Clone(tasks), func(t abbyy.Task) bool { return !call.Wants(t) })
	}
	listed := abbyy.Listed(wanted())
	if len(listed) != 1051 || !listed[0].Registered.Equal(call.To) || !listed[1050].Registered.Equal(call.From) {
		t.Fatalf("%d listed, the first made at %s", len(listed), listed[0].Registered)
	}
	for i := range len(listed) - 1 {
		if listed[i].Changed.After(listed[i+1].Changed) {
			t.Fatal("the list is not ordered by the last action")
		}
	}
	call.ExcludeDeleted, call.From = true, at.Add(1147*time.Second)
	if got := len(wanted()); got != 3 {
		t.Errorf("%d of four tasks are listed without the deleted one", got)
	}
	if got, want := call.Next(at.Add(1149*time.Second)), "excludeDeleted=true&fromDate="; !strings.HasPrefix(got, want) || !strings.Contains(got, "toDate=") {
		t.Errorf("the next list is %s", got)
	}
	finished := abbyy.Finished(tasks)
	if len(finished) != 100 || !finished[0].Changed.Equal(tasks[1199].Changed) {
		t.Errorf("%d finished, the first ended at %s", len(finished), finished[0].Changed)
	}
	for _, f := range finished {
		if f.Status != abbyy.Completed && f.Status != abbyy.ProcessingFailed {
			t.Errorf("%s counts as finished", f.Status)
		}
	}
}
