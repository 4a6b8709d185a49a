package abbyy

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// maxFields bounds the fields of a form.
const maxFields = 100

// multipartType and boundaryForm read a Content-Type of multipart/form-data as leniently as clients write it: with or without quotes,
// and with characters that only quotes would allow.
var (
	multipartType = regexp.MustCompile(`(?i)^\s*multipart/form-data\s*(;|$)`)
	boundaryForm  = regexp.MustCompile(`(?i);\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,"]{1,200}))`)
)

// boundaryOf returns what parts the parts of a body, empty if it has none.
func boundaryOf(contentType string) string {
	if !multipartType.MatchString(contentType) {
		return ""
	}
	found := boundaryForm.FindStringSubmatch(contentType)
	if found == nil {
		return ""
	}
	return found[1] + found[2]
}

// readForm returns the first part of a body that has a file name, as it arrives, and the fields before it. The file is nil if there is
// none. What stands around it has at most aroundFile bytes.
func readForm(r io.Reader, boundary string) (file io.Reader, form url.Values, err error) {
	head := &bounded{r: r, left: aroundFile}
	gate := &gate{Reader: head}
	parts := multipart.NewReader(gate, boundary)
	form = url.Values{}
	for range maxFields {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, form, nil
		}
		if err != nil {
			return nil, nil, unreadable(head, err)
		}
		name, isFile := described(part.Header.Get("Content-Disposition"))
		if isFile {
			gate.Reader = r // how long the file may be is another's matter
			return part, form, nil
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, unreadable(head, err)
		}
		if name != "" {
			form.Add(name, string(value))
		}
	}
	return nil, nil, fault.New(fault.BadRequest, "the form has more than %d fields; send the file before them", maxFields)
}

// gate lets what reads from it be exchanged.
type gate struct{ io.Reader }

// unreadable says why a form cannot be read.
func unreadable(head *bounded, err error) error {
	if head.exceeded {
		return fault.New(fault.BadRequest, "more than %d bytes stand before the file; send it as the first part of the form", aroundFile)
	}
	return fault.Wrap(err, fault.BadRequest, "the body is no form of the type multipart/form-data, or it broke off; send it again")
}

// nameForm and fileForm read what the library does not: names without quotes that hold spaces or other characters.
var (
	nameForm = regexp.MustCompile(`(?i)(?:^|;)\s*name\s*=\s*"?([^";]*)`)
	fileForm = regexp.MustCompile(`(?i)(?:^|;)\s*filename\*?\s*=`)
)

// described returns the name of a field, and whether it is a file.
func described(disposition string) (name string, isFile bool) {
	if _, params, err := mime.ParseMediaType(disposition); err == nil {
		_, isFile = params["filename"]
		return params["name"], isFile || fileForm.MatchString(disposition)
	}
	if found := nameForm.FindStringSubmatch(disposition); found != nil {
		name = strings.TrimSpace(found[1])
	}
	return name, fileForm.MatchString(disposition)
}
