package storage

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// firstFormat is the version of what carries none.
const firstFormat = 1

// Encode returns v, which encodes as a JSON object without a version, as JSON that carries the version.
func Encode(version int, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	fields, ok := bytes.CutPrefix(text, []byte("{"))
	if !ok {
		return nil, fmt.Errorf("a %T is no JSON object", v)
	}
	head := fmt.Appendf(nil, `{"v":%d`, version)
	if !bytes.Equal(fields, []byte("}")) {
		head = append(head, ',')
	}
	return append(head, fields...), nil
}

// Decode reads what Encode wrote, or what was written before there were versions. A newer version than the program knows is
// fault.InternalError.
func Decode(text []byte, newest int, into any) error {
	found := struct {
		Version int `json:"v"`
	}{firstFormat}
	if err := json.Unmarshal(text, &found); err != nil {
		return err
	}
	if found.Version > newest {
		return fault.New(fault.InternalError, "format %d was written by a newer program; this one reads up to %d", found.Version, newest)
	}
	return json.Unmarshal(text, into)
}
