package httpserver

import (
	"fmt"
	"strconv"
	"strings"
)

// Range is a range of bytes as a client asks for it (RFC 9110 section 14.1.2).
type Range struct {
	first, last int64 // of the bytes asked for; -1 for what is not said
}

// ParseRange reads a Range header. It is nil for what a server may ignore: no range, several of them, another unit than bytes, and
// what is no range at all.
func ParseRange(header string) *Range {
	unit, set, _ := strings.Cut(header, "=")
	first, last, found := strings.Cut(strings.TrimSpace(set), "-")
	if !strings.EqualFold(strings.TrimSpace(unit), "bytes") || !found || first == "" && last == "" {
		return nil
	}
	r := &Range{-1, -1}
	if !position(first, &r.first) || !position(last, &r.last) || r.last >= 0 && r.last < r.first {
		return nil
	}
	return r
}

// position reads one end of a range, if it is said.
func position(text string, at *int64) bool {
	if text == "" {
		return true
	}
	n, err := strconv.ParseUint(text, 10, 63)
	*at = int64(n)
	return err == nil
}

// Of returns where the range lies in so many bytes; not ok if none of them is in it.
func (r *Range) Of(size int64) (offset, length int64, ok bool) {
	switch {
	case r.first < 0: // the last bytes
		length = min(r.last, size)
		offset = size - length
	case r.last < 0, r.last >= size:
		offset, length = r.first, size-r.first
	default:
		offset, length = r.first, r.last-r.first+1
	}
	return offset, length, length > 0
}

// ContentRange is the header that says which part of so many bytes an answer has (RFC 9110 section 14.4). Without any, the range was
// not satisfiable.
func ContentRange(offset, length, size int64) string {
	if length == 0 {
		return fmt.Sprintf("bytes */%d", size)
	}
	return fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, size)
}

// RangeHolds reports whether a range is to be sent although an If-Range header makes it depend on the version (RFC 9110 section
// 13.1.5). The tag comes with its quotes; a date never holds.
func RangeHolds(ifRange, tag string) bool { return ifRange == "" || ifRange == tag }
