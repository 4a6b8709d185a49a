// Package resultlink makes the addresses at which clients of ABBYY fetch results, without credentials. Such an address says all that
// there is to know of its grant, so that nothing is kept for it, and has only characters that careless clients leave as they
// are: no ampersand, and nothing that a shell would act on.
package resultlink

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Root is what the paths of links begin with. Behind it come a token and the name of the file, which clients save it under.
const Root = "/abbyy/files/"

// life is how long a link lasts at most. ABBYY's lasted so long.
const life = 10

// Keys signs links. *seal.Keys implements it.
type Keys interface {
	Sign(grant string) ([]byte, error)
	Verify(grant string, tag []byte) bool
}

// Link is what a link grants: to read one result until an hour. That the task may go earlier is for the task service to see.
type Link struct {
	Ref    task.Ref
	Format render.Format
	Ends   time.Time // a full hour of UTC
}

// Ends returns when the link ends that is told now of a task whose processing ended at a time. Until then it is the same one.
func Ends(processed, now time.Time) time.Time {
	first := processed.UTC().Truncate(time.Hour).Add(life * time.Hour)
	if now.Before(first) {
		return first
	}
	return first.Add(now.Sub(first)/(life*time.Hour)*(life*time.Hour) + life*time.Hour)
}

// Path returns where a link leads to.
func Path(keys Keys, l Link) (string, error) {
	token, err := keys.Sign(l.grant())
	if err != nil {
		return "", fault.Wrap(err, fault.InternalError, "links cannot be signed")
	}
	token = binary.BigEndian.AppendUint32(token, uint32(l.hour())) //nolint:gosec // 2^32 hours are half a million years
	token = append(token, l.Ref.Application+" "+string(l.Format)...)
	return Root + base64.RawURLEncoding.EncodeToString(token) + "/" + l.file(), nil
}

// file is the name that a client saves the result under.
func (l Link) file() string { return l.Ref.ID + l.Format.Extension() }

func (l Link) hour() int64 { return l.Ends.Unix() / int64(time.Hour/time.Second) }

// grant is the text that is signed.
func (l Link) grant() string {
	return fmt.Sprintf("%s\n%s\n%s\n%d", l.Ref.Application, l.Ref.ID, l.Format, l.hour())
}

// longest bounds a path before anything of it is decoded.
const longest = 400

// Parse returns what the link of a path grants now. Whatever is wrong with it, it leads nowhere.
func Parse(keys Keys, path string, now time.Time) (Link, error) {
	nowhere := fault.New(fault.ThingNotFound, "the link is damaged, has ended, or its task was deleted; ask for the status of the task to get a new one")
	below, rooted := strings.CutPrefix(path, Root)
	text, file, _ := strings.Cut(below[:min(len(below), longest)], "/")
	token, err := base64.RawURLEncoding.Strict().DecodeString(text)
	const head = seal.TagSize + 4
	if err != nil || !rooted || len(below) > longest || len(token) < head {
		return Link{}, nowhere
	}
	hour := int64(binary.BigEndian.Uint32(token[seal.TagSize:head]))
	application, format, _ := strings.Cut(string(token[head:]), " ")
	id, _, _ := strings.Cut(file, ".")
	ref, err := task.ParseRef(application, id)
	l := Link{Ref: ref, Format: render.Format(format), Ends: time.Unix(hour*int64(time.Hour/time.Second), 0).UTC()}
	if err != nil || !keys.Verify(l.grant(), token[:seal.TagSize]) || l.file() != file || !now.Before(l.Ends) {
		return Link{}, nowhere
	}
	return l, nil
}
