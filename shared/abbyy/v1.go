package abbyy

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"time"
)

// estimate is the remaining time in seconds that clients are told; some sleep for it.
const estimate = 1

const (
	zoned   = "2006-01-02T15:04:05Z" // times of tasks, in UTC
	unzoned = "2006-01-02T15:04:05"  // expiry of an application in version 1
)

func moment(t time.Time) string { return t.UTC().Format(zoned) }

// xmlAnswer is a document without byte order mark: clients that read characters trip over it.
func xmlAnswer(status int, content []byte) Answer {
	return Answer{status, "text/xml; charset=utf-8", append([]byte(`<?xml version="1.0" encoding="utf-8"?>`), content...)}
}

// attribute writes one with a space before it. What XML cannot hold becomes U+FFFD.
func attribute(b *bytes.Buffer, name, value string) {
	b.WriteString(" " + name + `="`)
	escape(b, value)
	b.WriteByte('"')
}

func escape(b *bytes.Buffer, text string) {
	_ = xml.EscapeText(b, []byte(text)) // memory does not fail
}

// taskXML writes the element response. Clients search it with regular expressions: attributes keep their order, the id is the
// first, quotes are double, and there is no namespace, whatever the documentation of the interface shows.
func taskXML(tasks []Task) []byte {
	var b bytes.Buffer
	if len(tasks) == 0 {
		return []byte("<response />")
	}
	b.WriteString("<response>")
	for _, t := range tasks {
		b.WriteString("<task")
		attribute(&b, "id", t.ID)
		attribute(&b, "registrationTime", moment(t.Registered))
		attribute(&b, "statusChangeTime", moment(t.Changed))
		attribute(&b, "status", string(t.Status))
		if t.Status == ProcessingFailed {
			attribute(&b, "error", t.Error)
		}
		attribute(&b, "filesCount", strconv.Itoa(t.Files))
		attribute(&b, "credits", "0") // nothing is charged
		if t.Status.active() {
			attribute(&b, "estimatedProcessingTime", strconv.Itoa(estimate))
		}
		for i, link := range t.Links {
			name := "resultUrl"
			if i > 0 {
				name += strconv.Itoa(i + 1)
			}
			attribute(&b, name, link)
		}
		if t.Description != "" {
			attribute(&b, "description", t.Description)
		}
		b.WriteString(" />")
	}
	b.WriteString("</response>")
	return b.Bytes()
}

// errorXML writes a refusal. Clients read the message as the text of an element that has an attribute.
func errorXML(message string) []byte {
	var b bytes.Buffer
	b.WriteString(`<error><message language="english">`)
	escape(&b, message)
	b.WriteString("</message></error>")
	return b.Bytes()
}

// applicationXML has the name of the application twice: older clients know it as name.
func applicationXML(a Application) []byte {
	var b bytes.Buffer
	b.WriteString(`<info xmlns="http://ocrsdk.com/schema/appInfo-1.0.xsd"><application>`)
	for _, e := range [][2]string{
		{"id", a.ID}, {"displayName", a.Name}, {"pages", strconv.Itoa(a.pages())}, {"fields", strconv.Itoa(fieldsAPage * a.pages())},
		{"expires", a.expires().Format(unzoned)}, {"type", "Normal"}, {"name", a.Name},
	} {
		b.WriteString("<" + e[0] + ">")
		escape(&b, e[1])
		b.WriteString("</" + e[0] + ">")
	}
	b.WriteString("</application></info>")
	return b.Bytes()
}
