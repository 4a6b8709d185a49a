package abbyytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// jsonContent refuses an answer that is not JSON as documented.
func jsonContent(header http.Header, body []byte) error {
	mediaType := strings.ToLower(strings.ReplaceAll(header.Get("Content-Type"), " ", ""))
	switch {
	case mediaType != "application/json;charset=utf-8":
		return fmt.Errorf("the media type is %q", mediaType)
	case header.Get("Content-Length") != strconv.Itoa(len(body)):
		return fmt.Errorf("Content-Length is %q for %d bytes", header.Get("Content-Length"), len(body))
	case header.Get("Content-Encoding") != "":
		return errors.New("the answer is encoded")
	case !bytes.HasPrefix(body, []byte("{")):
		return errors.New("the answer does not begin with an object")
	}
	return nil
}

// member is one of an object, as it was written.
type member struct {
	name  string
	value json.RawMessage
}

// members returns those of an object in their order.
func members(object []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("something stands where an object should")
	}
	var all []member
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: fmt.Sprint(token)}
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	_, err := d.Token()
	return all, err
}

// readJSON reads an answer with one task or a list.
func readJSON(status int, header http.Header, body []byte) ([]Task, error) {
	if err := jsonContent(header, body); err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, errors.New("the status is not 200")
	}
	all, err := members(body)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 || all[0].name != "tasks" {
		t, err := readTask(all)
		return []Task{t}, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(all[0].value, &list); err != nil || list == nil {
		return nil, errors.New("tasks is no list")
	}
	var tasks []Task
	for _, text := range list {
		fields, err := members(text)
		if err != nil {
			return nil, err
		}
		t, err := readTask(fields)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// readTask reads the fields of a task in the documented order.
func readTask(all []member) (Task, error) {
	var (
		t                   Task
		registered, changed string
		delay               int
	)
	places := []struct {
		name     string
		to       any
		optional bool
	}{
		{"taskId", &t.ID, false},
		{"registrationTime", &registered, false},
		{"statusChangeTime", &changed, false},
		{"status", &t.Status, false},
		{"filesCount", &t.Files, false},
		{"error", &t.Error, true},
		{"requestStatusDelay", &delay, false},
		{"resultUrls", &t.Links, true},
		{"description", &t.Description, true},
	}
	for _, p := range places {
		switch {
		case len(all) > 0 && all[0].name == p.name:
			if err := json.Unmarshal(all[0].value, p.to); err != nil {
				return Task{}, fmt.Errorf("%s: %w", p.name, err)
			}
			if string(all[0].value) == "null" || p.name == "resultUrls" && len(t.Links) == 0 {
				return Task{}, fmt.Errorf("%s is null or empty instead of missing", p.name)
			}
			all = all[1:]
		case !p.optional:
			return Task{}, fmt.Errorf("%s is missing, or not in its place", p.name)
		}
	}
	if len(all) > 0 {
		return Task{}, fmt.Errorf("%s is not documented, or not in its place", all[0].name)
	}
	var err error
	if t.Registered, err = utc(registered); err == nil {
		t.Changed, err = utc(changed)
	}
	if err != nil {
		return Task{}, err
	}
	if delay < 0 || delay > 10_000 {
		return Task{}, fmt.Errorf("clients sleep for %d ms", delay)
	}
	return t, t.check(delay > 0)
}

func readJSONError(header http.Header, body []byte) (refusal, error) {
	if err := jsonContent(header, body); err != nil {
		return refusal{}, err
	}
	outer, err := members(body)
	if err != nil || len(outer) != 1 || outer[0].name != "error" {
		return refusal{}, errors.New("the answer is no error")
	}
	fields, err := members(outer[0].value)
	if err != nil {
		return refusal{}, err
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	if !slices.Equal(names, []string{"code", "message", "target", "details"}) {
		return refusal{}, fmt.Errorf("the fields of the error are %q", names)
	}
	var content struct {
		Error struct {
			Code, Message string
			Target        *string
			Details       []struct{ Code, Message, Target string }
		}
	}
	if err := json.Unmarshal(body, &content); err != nil {
		return refusal{}, err
	}
	e := content.Error
	r := refusal{Code: e.Code, Message: e.Message}
	if e.Code == "" || e.Message == "" {
		return r, errors.New("the error has no code or no message")
	}
	if e.Code == "InvalidArgument" {
		if len(e.Details) != 1 {
			return r, fmt.Errorf("%d details, want one", len(e.Details))
		}
		r.Detail, r.Target = e.Details[0].Code, e.Details[0].Target
	}
	return r, nil
}
