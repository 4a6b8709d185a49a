package abbyytest

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

const head = `<task id="0198c0de-1234-7abc-8def-0123456789ab" registrationTime="2026-11-30T12:00:00Z" statusChangeTime="2026-11-30T12:01:00Z" `

func whole(content string) string { return declaration + "<response>" + content + "</response>" }

func sent(mediaType, body string) http.Header {
	h := http.Header{}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return h
}

// Each answer of these breaks a published client.
func TestAnswersInXMLThatBreakClientsAreFound(t *testing.T) {
	const (
		queued    = head + `status="Queued" filesCount="1" credits="0" estimatedProcessingTime="1" />`
		completed = head + `status="Completed" filesCount="1" credits="0" resultUrl="https://h/a.txt" resultUrl2="https://h/a.xml" description="d &amp; e" />`
	)
	for name, body := range map[string]string{
		"queued": whole(queued), "completed": whole(completed), "two": whole(queued + completed), "none": declaration + "<response />",
		"failed": whole(head + `status="ProcessingFailed" error="why" filesCount="1" credits="0" />`),
	} {
		if tasks, err := readXML(200, sent("text/xml; charset=utf-8", body), []byte(body)); err != nil || (len(tasks) == 0) != (name == "none") {
			t.Errorf("%s: %v, %v", name, tasks, err)
		}
	}
	for name, body := range map[string]string{
		"byte order mark":      "\uFEFF" + whole(queued),
		"no declaration":       "<response>" + queued + "</response>",
		"namespace":            strings.Replace(whole(queued), "<response>", `<response xmlns="http://ocrsdk.com/schema/taskStatus-1.0.xsd">`, 1),
		"single quotes":        strings.ReplaceAll(whole(queued), `status="Queued"`, `status='Queued'`),
		"id is not the first":  whole(strings.Replace(queued, `id="0198c0de-1234-7abc-8def-0123456789ab" registrationTime="2026-11-30T12:00:00Z"`, `registrationTime="2026-11-30T12:00:00Z" id="0198c0de-1234-7abc-8def-0123456789ab"`, 1)),
		"no credits":           whole(strings.Replace(queued, ` credits="0"`, "", 1)),
		"no estimate":          whole(strings.Replace(queued, ` estimatedProcessingTime="1"`, "", 1)),
		"an estimate of 0":     whole(strings.Replace(queued, `Time="1"`, `Time="0"`, 1)),
		"estimate at the end":  whole(strings.Replace(completed, ` resultUrl=`, ` estimatedProcessingTime="1" resultUrl=`, 1)),
		"no link":              whole(head + `status="Completed" filesCount="1" credits="0" />`),
		"link of one deleted":  whole(strings.Replace(completed, "Completed", "Deleted", 1)),
		"links out of order":   whole(strings.NewReplacer("resultUrl2=", "resultUrl=", "resultUrl=", "resultUrl2=").Replace(completed)),
		"ampersand in a link":  whole(strings.Replace(completed, "a.txt", "a.txt?a=b&amp;c=d", 1)),
		"time without a zone":  whole(strings.Replace(queued, "12:00:00Z", "12:00:00", 1)),
		"fractions of seconds": whole(strings.Replace(queued, "12:00:00Z", "12:00:00.5Z", 1)),
		"id in capitals":       whole(strings.Replace(queued, "0198c0de", "0198C0DE", 1)),
		"id with zeros":        whole(strings.Replace(queued, "0198c0de", "00000000", 1)),
		"unknown status":       whole(strings.Replace(queued, "Queued", "Waiting", 1)),
		"error of one queued":  whole(strings.Replace(queued, ` filesCount`, ` error="e" filesCount`, 1)),
		"indented":             whole("\n  " + queued + "\n"),
		"no file":              whole(strings.Replace(queued, `filesCount="1"`, `filesCount="0"`, 1)),
		"changed before":       whole(strings.Replace(queued, "12:01:00Z", "11:59:00Z", 1)),
	} {
		if tasks, err := readXML(200, sent("text/xml; charset=utf-8", body), []byte(body)); err == nil {
			t.Errorf("%s: taken as %+v", name, tasks)
		}
	}
	body := whole(queued)
	for name, read := range map[string]func() error{
		"201":        func() error { _, err := readXML(201, sent("text/xml; charset=utf-8", body), []byte(body)); return err },
		"media type": func() error { _, err := readXML(200, sent("text/html", body), []byte(body)); return err },
		"no length":  func() error { _, err := readXML(200, sent("application/xml", ""), []byte(body)); return err },
		"error without a tag": func() error {
			_, err := readXMLError(sent("application/xml", declaration+"<error><message>m</message></error>"), []byte(declaration+"<error><message>m</message></error>"))
			return err
		},
	} {
		if read() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestAnswersInJSONThatBreakClientsAreFound(t *testing.T) {
	const (
		begin     = `{"taskId":"0198c0de-1234-7abc-8def-0123456789ab","registrationTime":"2026-11-30T12:00:00Z","statusChangeTime":"2026-11-30T12:01:00Z",`
		queued    = begin + `"status":"Queued","filesCount":1,"requestStatusDelay":1000}`
		completed = begin + `"status":"Completed","filesCount":1,"requestStatusDelay":0,"resultUrls":["https://h/a.txt"],"description":"d"}`
	)
	const mediaType = "application/json; charset=utf-8"
	for name, body := range map[string]string{
		"queued": queued, "completed": completed, "two": `{"tasks":[` + queued + "," + completed + "]}", "none": `{"tasks":[]}`,
		"failed": begin + `"status":"ProcessingFailed","filesCount":1,"error":"why","requestStatusDelay":0}`,
	} {
		if tasks, err := readJSON(200, sent(mediaType, body), []byte(body)); err != nil || (len(tasks) == 0) != (name == "none") {
			t.Errorf("%s: %v, %v", name, tasks, err)
		}
	}
	for name, body := range map[string]string{
		"byte order mark":           "\uFEFF" + queued,
		"null for a list":           `{"tasks":null}`,
		"no delay":                  strings.Replace(queued, "1000", "0", 1),
		"delay in seconds":          strings.Replace(queued, "1000", "1000000", 1),
		"delay at the end":          strings.Replace(completed, `Delay":0`, `Delay":1`, 1),
		"no zone":                   strings.Replace(queued, "12:00:00Z", "12:00:00", 1),
		"null for no error":         strings.Replace(completed, `"requestStatusDelay"`, `"error":null,"requestStatusDelay"`, 1),
		"null for links":            strings.Replace(queued, "1000}", `1000,"resultUrls":null}`, 1),
		"no links for a list":       strings.Replace(queued, "1000}", `1000,"resultUrls":[]}`, 1),
		"no link":                   begin + `"status":"Completed","filesCount":1,"requestStatusDelay":0}`,
		"another spelling":          strings.Replace(queued, "taskId", "TaskId", 1),
		"a field of its own":        strings.Replace(queued, "1000}", `1000,"credits":0}`, 1),
		"a status of its own":       strings.Replace(queued, "Queued", "queued", 1),
		"files as text":             strings.Replace(queued, `"filesCount":1`, `"filesCount":"1"`, 1),
		"fields in other order":     strings.Replace(queued, `"filesCount":1,"requestStatusDelay":1000`, `"requestStatusDelay":1000,"filesCount":1`, 1),
		"more than an object":       "[" + queued + "]",
		"an object without a field": "{}",
	} {
		if tasks, err := readJSON(200, sent(mediaType, body), []byte(body)); err == nil {
			t.Errorf("%s: taken as %+v", name, tasks)
		}
	}
	for name, body := range map[string]string{
		"no code":     `{"error":{"code":"","message":"m","target":null,"details":[]}}`,
		"no target":   `{"error":{"code":"InvalidTaskState","message":"m","details":[]}}`,
		"no details":  `{"error":{"code":"InvalidArgument","message":"m","target":null,"details":[]}}`,
		"two details": `{"error":{"code":"InvalidArgument","message":"m","target":null,"details":[{"code":"a"},{"code":"b"}]}}`,
		"a problem":   `{"type":"about:blank"}`,
	} {
		if r, err := readJSONError(sent(mediaType, body), []byte(body)); err == nil {
			t.Errorf("%s: taken as %+v", name, r)
		}
	}
	body := `{"error":{"code":"InvalidArgument","message":"m","target":null,"details":[{"code":"MissingArgument","message":"n","target":"File"}]}}`
	if r, err := readJSONError(sent(mediaType, body), []byte(body)); err != nil || r != (refusal{"InvalidArgument", "m", "MissingArgument", "File"}) {
		t.Errorf("%+v, %v", r, err)
	}
}
