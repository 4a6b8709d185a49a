package storage

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Everything that one program stores and another may read carries the version of its format: records, kept pages, messages,
// the clock's anchor. Two programs of different age work on one store while a stamp is upgraded, and the earlier one may be
// started again at any time. So:
//
//   - A format changes by new fields that an earlier program may leave out when it writes the record again. No field changes its
//     meaning, and none is taken away. That needs no new version.
//   - What an earlier program would misread needs a new version. One release reads it, and only the release after that writes it,
//     so that there is always a way back by one.
//   - What has a newer version than the program knows is an error: it is neither read by guess nor written over. Documents go by
//     the store's own time then, and kept pages are read anew.
//   - What has no version was written before formats had one, and is version 1.
//   - functions/testdata/upgrade keeps what earlier programs left behind; a release adds its own with make.sh.

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
