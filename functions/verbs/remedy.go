package verbs

import (
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Explain says why a document or a page cannot be read, on one line: the sentence that comes with the code or, where that names
// a remedy of the API, one that names the remedy of the command line.
func Explain(code fault.Code, detail string) string {
	switch code {
	case fault.DocumentPasswordNeed:
		detail = "The document is encrypted: give its password with --password-file FILE, whose first line holds it."
	case fault.DocumentPasswordWrong:
		detail = "The password in the file of --password-file does not open the document."
	case fault.DocumentRestricted:
		detail = "The document forbids extraction: give its owner password with --password-file FILE, whose first line holds it."
	case fault.DocumentUnknownType:
		detail = "The content is none of the document types that are read: " + types() + "."
	case fault.LanguageUnknown:
		detail = "A language of --lang is not installed."
	}
	if detail == "" {
		detail = code.Meaning()
	}
	return Printable(detail) + " (" + Printable(string(code)) + ")"
}

// types names the types of documents for people.
func types() string {
	var names []string
	for _, media := range ocr.MediaTypes() {
		_, name, _ := strings.Cut(media, "/")
		names = append(names, strings.ToUpper(name))
	}
	return strings.Join(names, ", ")
}
