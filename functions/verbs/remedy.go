package verbs

import (
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
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
	case fault.DocumentPasswordStays:
		detail = "A PDF/A is never encrypted, and the document needs a password: ask for pdf, which needs the same, or give --remove-password."
	case fault.DocumentSigned:
		detail = "The document is digitally signed: ask for other formats than pdf, or give --signature rewrite or keep."
	case fault.DocumentSizeMismatch:
		detail = "The document changed before it was sent: run the command again."
	case fault.DocumentPageMissing:
		detail = strings.Replace(detail, " in pages,", " with --pages,", 1)
	case fault.LanguageUnknown:
		detail = "A language of --lang is not installed."
	}
	if detail == "" {
		detail = code.Meaning()
	}
	return Printable(detail) + " (" + Printable(string(code)) + ")"
}
