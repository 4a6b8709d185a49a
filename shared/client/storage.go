package client

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
)

// storageRefused explains what storage behind a link answered to an upload; nil means that the document is in its place. A link
// allows to create and not to overwrite: storage that refuses to overwrite says that an earlier try arrived.
func storageRefused(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // one that breaks off explains less
	code := storageCode(resp, body)
	switch code {
	case "BlobAlreadyExists", "UnauthorizedBlobOverwrite", // Azure's words for it, with 409 and 403
		"PreconditionFailed": // and those of S3, with 412
		return nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	p := problem(resp)
	if p.Code == "" && code != "" {
		p.Detail = "storage refused the document with " + code
	}
	switch code {
	case "ConditionalRequestConflict", "OperationAborted", // S3: another request for the name was under way, with 409
		"RequestTimeout": // S3: the connection was silent, with 400
		p.Retryable = true
	}
	return fmt.Errorf("%w: %w", ErrLink, p)
}

// storageCode is the word that an object store has for what is wrong; empty where another server answers.
func storageCode(resp *http.Response, body []byte) string {
	if code := resp.Header.Get("X-Ms-Error-Code"); code != "" {
		return code
	}
	var answer struct {
		XMLName xml.Name `xml:"Error"`
		Code    string   `xml:"Code"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil {
		return ""
	}
	return answer.Code
}
