package azure

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// maxPayload bounds an invocation's body in bytes. Payloads of our functions are a few kilobytes: a larger one carries
// blob content, which must never travel that way.
const maxPayload = 1 << 20

// Payload is the body of an invocation.
type Payload struct {
	Data     map[string]json.RawMessage `json:"Data"`
	Metadata map[string]json.RawMessage `json:"Metadata"`
}

func parsePayload(body []byte) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(body, &p); err != nil {
		return Payload{}, fmt.Errorf("invocation is no JSON object of the host's form")
	}
	if p.Data == nil {
		return Payload{}, fmt.Errorf("invocation carries no data")
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

// BlobName returns the name of the upload that triggered the function, with its container. The container is only in the
// blob's address, so name is checked against it.
func (p Payload) BlobName() (string, error) {
	name, err := text(p.Metadata["name"])
	if err != nil {
		return "", fmt.Errorf("blob name: %w", err)
	}
	address, err := text(p.Metadata["Uri"])
	if err != nil {
		return "", fmt.Errorf("blob address: %w", err)
	}
	container, err := containerOf(address, name)
	if err != nil {
		return "", err
	}
	full, ok := upload(container, name)
	if !ok {
		return "", fmt.Errorf("blob is no upload")
	}
	return full, nil
}

// upload joins container and name. It is false unless they name an upload: only uploads are acted on, and those that
// belong to nobody are erased, so a message must not name anything else.
func upload(container, name string) (string, bool) {
	return container + "/" + name, container == storage.Uploads && name != ""
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

// Inline reports whether the host sent the blob's content instead of a reference to it.
func (p Payload) Inline(binding string) bool {
	raw, ok := p.Data[binding]
	return ok && len(raw) > 0 && raw[0] == '"'
}

// Message returns the text of the queue message that triggered the function. A text that is a JSON object arrives as a
// string within a string like any other.
func (p Payload) Message(binding string) (string, error) { return text(p.Data[binding]) }
