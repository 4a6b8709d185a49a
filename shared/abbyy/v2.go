package abbyy

import (
	"bytes"
	"encoding/json"
)

// delay is how long clients sleep before they ask again, in milliseconds. Zero would have them ask without a pause.
const delay = 1000

// jsonTask is a task in the documented order of fields.
type jsonTask struct {
	ID          string   `json:"taskId"`
	Registered  string   `json:"registrationTime"`
	Changed     string   `json:"statusChangeTime"`
	Status      Status   `json:"status"`
	Files       int      `json:"filesCount"`
	Error       string   `json:"error,omitempty"`
	Delay       int      `json:"requestStatusDelay"`
	Links       []string `json:"resultUrls,omitempty"`
	Description string   `json:"description,omitempty"`
}

func taskJSON(t Task) jsonTask {
	told := jsonTask{
		ID: t.ID, Registered: moment(t.Registered), Changed: moment(t.Changed), Status: t.Status, Files: t.Files, Error: t.Error,
		Links: t.Links, Description: t.Description,
	}
	if t.Status.active() {
		told.Delay = delay
	}
	return told
}

func listJSON(list []Task) any {
	tasks := make([]jsonTask, 0, len(list)) // an empty list is [], never null
	for _, t := range list {
		tasks = append(tasks, taskJSON(t))
	}
	return struct {
		Tasks []jsonTask `json:"tasks"`
	}{tasks}
}

func applicationJSON(a Application) any {
	return struct {
		ID      string `json:"id"`
		Name    string `json:"displayName"`
		Pages   int    `json:"pages"`
		Fields  int    `json:"fields"`
		Expires string `json:"expires"`
		Type    string `json:"type"`
	}{a.ID, a.Name, a.pages(), fieldsAPage * a.pages(), moment(a.expires()), "Normal"}
}

func errorJSON(r *Refusal) any {
	type refusal struct {
		Code    string   `json:"code"`
		Message string   `json:"message"`
		Target  *string  `json:"target"`
		Details []Detail `json:"details"`
	}
	details := r.Details
	if details == nil {
		details = []Detail{}
	}
	return struct {
		Error refusal `json:"error"`
	}{refusal{Code: r.Code, Message: r.Message, Details: details}}
}

func jsonAnswer(status int, v any) Answer {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings and numbers alone
	return Answer{status, "application/json; charset=utf-8", bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}
