package field

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Bounds of what may be asked for.
const (
	Most          = 1000 // fields of a page
	mostText      = 1000 // bytes of an id, and characters that may occur
	mostNames     = 100  // languages or kinds of bar codes
	mostPlaces    = 1000
	mostNameBytes = 64
)

// RequestError says why a field cannot be read. It quotes nothing of the request.
type RequestError struct {
	Field   int // counted from 0; of Most alone it is that
	Problem string
}

func (e *RequestError) Error() string {
	return fmt.Sprintf("field %d cannot be read: %s", e.Field+1, e.Problem)
}

// Check refuses requests that cannot be read, whatever the document. Errors are of type *RequestError.
func Check(requests []ocr.FieldRequest) error {
	if len(requests) > Most {
		return &RequestError{Most, fmt.Sprintf("a page has %d at most", Most)}
	}
	for i, r := range requests {
		if problem := check(r); problem != "" {
			return &RequestError{i, problem}
		}
	}
	return nil
}

func check(r ocr.FieldRequest) string {
	whole := r.Box == ocr.Box{}
	switch {
	case r.Page < 0:
		return "pages are counted from 1"
	case !slices.Contains(kinds(), r.Kind):
		return "its kind must be text, barcode or checkmark"
	case r.Box.Empty() && !whole:
		return "its region has no area"
	case !printable(r.ID, mostText):
		return "its id is too long, or not plain text"
	case !printable(r.Letters, 4*mostText) || utf8.RuneCountInString(r.Letters) > mostText:
		return fmt.Sprintf("the characters that may occur are more than %d, or not plain text", mostText)
	case !slices.Contains(markings(), r.Marking):
		return "its marking is not known"
	case !slices.Contains(frames(), r.Frame):
		return "its frame is not known"
	case r.Places < 0 || r.Places > mostPlaces:
		return fmt.Sprintf("it has between 1 and %d places", mostPlaces)
	case !names(r.Languages) || !names(r.Symbologies):
		return "its languages or its kinds of bar codes are too many, or have impossible names"
	}
	if _, err := ParsePattern(r.Pattern); err != nil {
		return err.Error()
	}
	return ""
}

func kinds() []ocr.FieldKind {
	return []ocr.FieldKind{ocr.TextField, ocr.BarcodeField, ocr.CheckmarkField}
}

func markings() []ocr.Marking {
	return []ocr.Marking{
		ocr.NoMarking, ocr.Underline, ocr.TextFrame, ocr.GreyBoxes, ocr.BoxSeries, ocr.Comb, ocr.FramedComb, ocr.Partitioned,
	}
}

func frames() []ocr.Frame { return []ocr.Frame{ocr.NoFrame, ocr.CircleFrame, ocr.SquareFrame} }

func names(list []string) bool {
	return len(list) <= mostNames && !slices.ContainsFunc(list, func(n string) bool { return n == "" || !printable(n, mostNameBytes) })
}

func printable(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// Region returns the part of a page that a request asks for, in its pixels. It is empty if the region lies outside.
func Region(r ocr.FieldRequest, width, height int) ocr.Box {
	if (r.Box == ocr.Box{}) {
		return ocr.Box{X1: width, Y1: height}
	}
	within := func(v, size int) int { return min(max(v, 0), size) }
	return ocr.Box{
		X0: within(r.Box.X0, width), Y0: within(r.Box.Y0, height), X1: within(r.Box.X1, width), Y1: within(r.Box.Y1, height),
	}
}
