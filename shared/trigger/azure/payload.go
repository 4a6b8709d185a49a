package azure

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/lethe-ocr/lethe/shared/trigger"
)

// maxPayload bounds an invocation's body in bytes. Payloads of our functions are a few kilobytes: a larger one carries
// blob content, which must never travel that way.
const maxPayload = 1 << 20

// payload is the body of an invocation.
type payload struct {
	Data     map[string]json.RawMessage `json:"Data"`
	Metadata map[string]json.RawMessage `json:"Metadata"`
}

func parsePayload(body []byte) (payload, error) {
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return payload{}, fmt.Errorf("invocation is no JSON object of the host's form")
	}
	if p.Data == nil {
		return payload{}, fmt.Errorf("invocation carries no data")
	}
	return p, nil
}

// text decodes a string of the payload. The host sends a JSON string that holds a JSON string: it is decoded exactly once
// more, not "while it parses", since what comes out may be anything that a sender chose.
func text(raw json.RawMessage) (string, error) {
	var outer, inner string
	if err := json.Unmarshal(raw, &outer); err != nil {
		return "", fmt.Errorf("value is no string")
	}
	if err := json.Unmarshal([]byte(outer), &inner); err != nil {
		return "", fmt.Errorf("value is no string within a string")
	}
	return inner, nil
}

// upload returns the upload that triggered the function. The container is only in the blob's address, so name is checked
// against it.
func (p payload) upload() (trigger.Upload, error) {
	name, err := text(p.Metadata["name"])
	if err != nil {
		return trigger.Upload{}, fmt.Errorf("blob name: %w", err)
	}
	address, err := text(p.Metadata["Uri"])
	if err != nil {
		return trigger.Upload{}, fmt.Errorf("blob address: %w", err)
	}
	container, err := containerOf(address, name)
	if err != nil {
		return trigger.Upload{}, err
	}
	u, ok := trigger.NewUpload(container, name)
	if !ok {
		return trigger.Upload{}, fmt.Errorf("blob is no upload")
	}
	return u, nil
}

// containerOf finds the container before the name in a blob's URL path.
func containerOf(address, name string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("blob address is no URL")
	}
	before, ok := strings.CutSuffix(u.Path, "/"+name)
	if !ok || name == "" {
		return "", fmt.Errorf("blob address and blob name differ")
	}
	return before[strings.LastIndexByte(before, '/')+1:], nil
}

// The names that the triggers have in function.json.
const (
	BlobBinding    = "blob"
	MessageBinding = "message"
)

// inline reports whether the host sent the blob's content instead of a reference to it.
func (p payload) inline() bool {
	raw, ok := p.Data[BlobBinding]
	return ok && len(raw) > 0 && raw[0] == '"'
}

// message returns the text of the queue message that triggered the function. A text that is a JSON object arrives as a
// string within a string like any other.
func (p payload) message() (string, error) { return text(p.Data[MessageBinding]) }
