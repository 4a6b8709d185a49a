package abbyytest

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const declaration = `<?xml version="1.0" encoding="utf-8"?>`

// attributes of a task in their order. What may be missing has a question mark.
var taskForm = regexp.MustCompile(`^<task id="([^"]*)" registrationTime="([^"]*)" statusChangeTime="([^"]*)" status="([^"]*)"` +
	`(?: error="([^"]*)")? filesCount="([0-9]+)" credits="([0-9]+)"(?: estimatedProcessingTime="([0-9]+)")?` +
	`(?: resultUrl="([^"]*)")?(?: resultUrl2="([^"]*)")?(?: resultUrl3="([^"]*)")?(?: description="([^"]*)")? />`)

var errorForm = regexp.MustCompile(`^<error><message language="[a-z]+">([^<]+)</message></error>$`)

// xmlContent returns what comes after the declaration of an answer.
func xmlContent(header http.Header, body []byte) (string, error) {
	mediaType := strings.ToLower(strings.ReplaceAll(header.Get("Content-Type"), " ", ""))
	switch {
	case !slices.Contains([]string{"text/xml;charset=utf-8", "application/xml;charset=utf-8", "application/xml"}, mediaType):
		return "", fmt.Errorf("the media type is %q", mediaType)
	case header.Get("Content-Length") != strconv.Itoa(len(body)):
		return "", fmt.Errorf("Content-Length is %q for %d bytes", header.Get("Content-Length"), len(body))
	case header.Get("Content-Encoding") != "":
		return "", errors.New("the answer is encoded")
	}
	content, ok := bytes.CutPrefix(body, []byte(declaration))
	if !ok {
		return "", errors.New("the answer does not begin with the declaration")
	}
	return string(content), nil
}

// readXML reads an answer with tasks as clients with regular expressions do.
func readXML(status int, header http.Header, body []byte) ([]Task, error) {
	content, err := xmlContent(header, body)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, errors.New("the status is not 200")
	}
	if content == "<response />" {
		return nil, nil
	}
	content, begun := strings.CutPrefix(content, "<response>")
	content, ended := strings.CutSuffix(content, "</response>")
	if !begun || !ended || content == "" {
		return nil, errors.New("the root is not response, has attributes, or has white space in it")
	}
	var tasks []Task
	for content != "" {
		m := taskForm.FindStringSubmatch(content)
		if m == nil {
			return nil, errors.New("an element task is not as documented, or something else stands where one should")
		}
		content = content[len(m[0]):]
		t := Task{ID: m[1], Status: m[4], Error: html.UnescapeString(m[5]), Description: html.UnescapeString(m[12])}
		for _, link := range m[9:12] {
			if link != "" {
				t.Links = append(t.Links, link) // as clients do that know nothing of entities
			}
		}
		t.Files, _ = strconv.Atoi(m[6])
		if t.Registered, err = utc(m[2]); err == nil {
			t.Changed, err = utc(m[3])
		}
		if err == nil {
			err = t.check(m[8] != "" && m[8] != "0")
		}
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// utc reads a time in UTC in whole seconds.
func utc(s string) (time.Time, error) {
	const layout = "2006-01-02T15:04:05Z"
	at, err := time.Parse(layout, s)
	if err == nil && at.Format(layout) != s {
		err = fmt.Errorf("the time %q has more than seconds", s)
	}
	return at, err
}

func readXMLError(header http.Header, body []byte) (refusal, error) {
	content, err := xmlContent(header, body)
	if err != nil {
		return refusal{}, err
	}
	m := errorForm.FindStringSubmatch(content)
	if m == nil {
		return refusal{}, errors.New("the error is not as documented")
	}
	return refusal{Message: html.UnescapeString(m[1])}, nil
}
