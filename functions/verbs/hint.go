package verbs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/language/naming"
)

// hint returns what the error of a command usually comes from, and what to do then; empty if there is nothing to add.
func hint(err error) string {
	p, refused := errors.AsType[*client.Problem](err)
	untrusted, _ := errors.AsType[*tls.CertificateVerificationError](err)
	unknown, _ := errors.AsType[*unknownLanguageError](err)
	switch {
	case unknown != nil:
		return LanguageHint(unknown.languages)
	case errors.Is(err, client.ErrWantsTLS):
		return "let LETHE_URL or --url begin with https://"
	case errors.Is(err, client.ErrPlain):
		return "let LETHE_URL or --url begin with http://, or start the server with a certificate"
	case untrusted != nil:
		return certificateHint(untrusted.Err)
	case errors.Is(err, client.ErrUnreachable):
		return "check that the server runs, and LETHE_URL or --url"
	case refused && p.Status == http.StatusUnauthorized:
		return "check LETHE_APP and LETHE_SECRET (or --app and --secret-file), or LETHE_TOKEN (or --token-file)"
	case client.Busy(err):
		return "try again later; lethe submit waits as long as --give-up-after says"
	default:
		return ""
	}
}

// certificateHint says what to do about a certificate that does not hold.
func certificateHint(err error) string {
	if _, other := errors.AsType[x509.HostnameError](err); other {
		return "the certificate is another server's: let LETHE_URL or --url have a name that it holds for"
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		return "renew the server's certificate, or correct the clock of this machine"
	}
	return "name the file of the authority that signed it with LETHE_CA_FILE or --ca-file"
}

// unknownLanguageError is a server's answer that it lacks a language.
type unknownLanguageError struct {
	err       error
	languages []string // that were asked for
}

// Error implements error.
func (u *unknownLanguageError) Error() string { return u.err.Error() }

// Unwrap returns the answer.
func (u *unknownLanguageError) Unwrap() error { return u.err }

// asking adds the languages that were asked for to an answer that one of them is not known.
func asking(err error, languages []string) error {
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(fault.LanguageUnknown) {
		return err
	}
	return &unknownLanguageError{err, languages}
}

// LanguageHint gives the codes of languages that were called by their names; empty if none was.
func LanguageHint(languages []string) string {
	var hints []string
	for _, called := range languages {
		if codes := naming.Codes(called); len(codes) > 0 && !slices.Contains(codes, called) {
			hints = append(hints, fmt.Sprintf("%q is %s", called, strings.Join(codes, " or ")))
		}
	}
	if len(hints) == 0 {
		return ""
	}
	return "languages have Tesseract's codes, and " + strings.Join(hints, ", ")
}
