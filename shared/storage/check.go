package storage

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// The bounds of names, so that a segment with what a driver adds to it still is a file name.
const (
	maxName        = 400
	maxSegment     = 100
	maxKeyPart     = 200
	maxContentType = 80
)

// CheckBlob is what every driver asks before it stores a blob. A name is a container and one or more segments, 400
// characters at most. A segment is 1 to 100 characters of letters, digits and - _ . ! that begins with a letter or digit
// and does not end with a full stop. A content type is 1 to 80 printable ASCII characters.
func CheckBlob(name, contentType string) error {
	container, rest, _ := strings.Cut(name, "/")
	if !isContainer(container) || len(name) > maxName {
		return fault.New(fault.BadField, "a blob name must begin with a container and have at most %d characters", maxName)
	}
	for segment := range strings.SplitSeq(rest, "/") {
		if len(segment) == 0 || len(segment) > maxSegment || !plain(segment) || !alphanumeric(segment[0]) || strings.HasSuffix(segment, ".") {
			return fault.New(fault.BadField, "a segment of a blob name must have 1 to %d letters, digits and - _ . !", maxSegment)
		}
	}
	if len(contentType) == 0 || len(contentType) > maxContentType {
		return fault.New(fault.BadField, "a content type must have 1 to %d characters", maxContentType)
	}
	for i := range len(contentType) {
		if contentType[i] < ' ' || contentType[i] > '~' {
			return fault.New(fault.BadField, "a content type must be printable ASCII")
		}
	}
	return nil
}

// CheckList is what every driver asks before it lists blobs.
func CheckList(prefix string, limit int) error {
	container, _, found := strings.Cut(prefix, "/")
	if !found || !isContainer(container) {
		return fault.New(fault.BadField, "a prefix must begin with a container and a slash")
	}
	return CheckLimit(limit)
}

// CheckLimit refuses a limit below 1.
func CheckLimit(limit int) error {
	if limit < 1 {
		return fault.New(fault.BadField, "a limit must be at least 1")
	}
	return nil
}

// Check refuses an unknown table and parts that are not 1 to 200 characters of the alphabet.
func (k Key) Check() error {
	if err := k.Table.Check(); err != nil {
		return err
	}
	for _, part := range []string{k.Partition, k.Row} {
		if len(part) == 0 || len(part) > maxKeyPart || !plain(part) {
			return fault.New(fault.BadField, "a part of a key must have 1 to %d letters, digits and - _ . !", maxKeyPart)
		}
	}
	return nil
}

// Check refuses a table that is not one of Tables.
func (t Table) Check() error {
	if slices.Contains(Tables(), t) {
		return nil
	}
	return fault.New(fault.BadField, "the table is unknown")
}

// Check is what every driver asks before it stores a record.
func (r Record) Check() error {
	if len(r.Value) > MaxValue {
		return fault.New(fault.BadField, "the value of a record may have at most %d bytes", MaxValue)
	}
	return r.Key.Check()
}

// Check is what every driver asks before it lists records.
func (q Query) Check() error {
	if err := CheckLimit(q.Limit); err != nil {
		return err
	}
	if q.Partition != "" && (len(q.Partition) > maxKeyPart || !plain(q.Partition)) {
		return fault.New(fault.BadField, "a partition may have at most %d letters, digits and - _ . !", maxKeyPart)
	}
	return q.Table.Check()
}

// Compare orders keys by table, partition and row, byte by byte.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		strings.Compare(string(k.Table), string(other.Table)),
		strings.Compare(k.Partition, other.Partition),
		strings.Compare(k.Row, other.Row),
	)
}

// Compare orders entries by time, and by key where the times are equal.
func (d Due) Compare(other Due) int {
	return cmp.Or(d.At.Compare(other.At), d.Key.Compare(other.Key))
}

// CheckContext returns nil until ctx ends, then the reason as a fault of kind Unavailable: the call had no effect.
func CheckContext(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(err, fault.StorageUnavailable, "the call to storage was cancelled")
	}
	return nil
}

func isContainer(s string) bool { return slices.Contains(Containers(), s) }

func plain(s string) bool {
	for i := range len(s) {
		if !alphanumeric(s[i]) && !strings.ContainsRune("-_.!", rune(s[i])) {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
