package client

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
)

// ErrWantsTLS means that plain HTTP was sent to a port on which the server speaks TLS.
var ErrWantsTLS = errors.New("the server speaks TLS on this port, not plain HTTP")

// ErrPlain means that TLS was spoken to a port on which the server speaks plain HTTP.
var ErrPlain = errors.New("the server speaks plain HTTP on this port, not TLS")

// misspoken reports whether an error will stay: the address is wrong, or the server is not the one that is meant.
func misspoken(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted || errors.Is(err, ErrWantsTLS) || errors.Is(err, ErrPlain)
}

// schemeError tells the wrong scheme of an address from other errors of a connection. A server that expects TLS may answer plain
// HTTP with an alert, which is no HTTP.
func schemeError(err error) error {
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return ErrPlain
	case strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`):
		return ErrWantsTLS
	default:
		return err
	}
}

// wantsTLS reports whether an answer complains that plain HTTP came where TLS was expected: each server has its own words.
func wantsTLS(resp *http.Response) bool {
	if resp.StatusCode != http.StatusBadRequest || resp.Request == nil || resp.Request.URL.Scheme != "http" {
		return false
	}
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // half of it may do
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(said), resp.Body))
	for _, words := range []string{
		"Client sent an HTTP request to an HTTPS server",    // Go
		"The plain HTTP request was sent to HTTPS port",     // nginx
		"speaking plain HTTP to an SSL-enabled server port", // Apache
	} {
		if bytes.Contains(said, []byte(words)) {
			return true
		}
	}
	return false
}
