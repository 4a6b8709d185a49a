package lambda

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/lethe-ocr/lethe/shared/trigger"
)

// payloadVersion is the format of events that a function URL sends.
const payloadVersion = "2.0"

// hopByHop are the headers that are about one connection (RFC 9110, section 7.6.1): none of a client's reaches the program, and
// none of the program's the client.
func hopByHop() []string {
	return []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
}

// newRequest returns the request that a client sent to the function URL. Path and query are as they were sent; a header that
// came several times has its values joined by commas.
func newRequest(ctx context.Context, event []byte) (*http.Request, error) {
	var e events.LambdaFunctionURLRequest
	if json.Unmarshal(event, &e) != nil || e.Version != payloadVersion || !token(e.RequestContext.HTTP.Method) {
		return nil, trigger.ErrMalformed
	}
	address := e.RawPath
	if e.RawQueryString != "" {
		address += "?" + e.RawQueryString
	}
	at, err := url.ParseRequestURI(address)
	if err != nil || at.Scheme != "" || at.Host != "" {
		return nil, trigger.ErrMalformed
	}
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, trigger.ErrMalformed
		}
	}
	r := &http.Request{
		Method: e.RequestContext.HTTP.Method, URL: at, RequestURI: address,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header(&e, len(body)), Host: e.Headers["host"],
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		RemoteAddr: net.JoinHostPort(e.RequestContext.HTTP.SourceIP, "0"),                    // the platform does not tell the port
		TLS:        &tls.ConnectionState{HandshakeComplete: true, Version: tls.VersionTLS12}, // a function URL answers nothing else
	}
	if r.Host == "" {
		r.Host = e.RequestContext.DomainName
	}
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	return r.WithContext(ctx), nil
}

// header returns a request's headers as net/http would, without those that the server keeps for itself. size is its body's.
func header(e *events.LambdaFunctionURLRequest, size int) http.Header {
	h := http.Header{}
	for name, value := range e.Headers {
		if token(name) {
			h.Set(name, value)
		}
	}
	for _, name := range append(hopByHop(), "Host") {
		h.Del(name)
	}
	if len(e.Cookies) > 0 {
		h.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	if h.Get("Content-Length") != "" {
		h.Set("Content-Length", strconv.Itoa(size)) // what counts is what came
	}
	return h
}

// token reports whether a text is one of RFC 9110, section 5.6.2, as methods and names of headers are.
func token(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}) < 0
}
