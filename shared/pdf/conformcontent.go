package pdf

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/pdf/contentstream"
)

// operatorsOfContent are those of ISO 32000-1, annex A.
const operatorsOfContent = " b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n q Q re RG rg ri s S SC sc " +
	"SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \" "

const (
	mostStates = 28 // saved within each other
	mostString = 32_767
	mostName   = 127
	invisible  = 3 // the mode of text that is neither filled nor stroked
)

// textState is what of the graphics state is about text.
type textState struct {
	font *usedFont
	mode int
}

// content looks at a content stream with its own resources.
func (i *inspection) content(data []byte, own dictionary) {
	if i.depth > maxNesting*2 {
		return
	}
	i.depth++
	defer func() { i.depth-- }()
	var state textState
	var saved []textState
	contentstream.Operations(data, func(operator string, operands []string) bool {
		i.breaks(ClauseContent, !strings.Contains(operatorsOfContent, " "+operator+" "))
		for _, o := range operands {
			i.operand(o)
		}
		last := ""
		if len(operands) > 0 {
			last = operands[len(operands)-1]
		}
		switch operator {
		case "q":
			saved = append(saved, state)
			i.breaks(ClauseLimits, len(saved) > mostStates)
		case "Q":
			if len(saved) > 0 {
				state, saved = saved[len(saved)-1], saved[:len(saved)-1]
			}
		case "k", "K":
			i.cmyk(own)
		case "cs", "CS":
			i.space(last, own)
		case "scn", "SCN":
			if strings.HasPrefix(last, "/") {
				i.pattern(own, last)
			}
		case "sh":
			if value, ok := i.named(own, "/Shading", last); ok {
				i.shading(value, own)
			}
		case "gs":
			if value, ok := i.named(own, "/ExtGState", last); ok && i.once(value) {
				i.state(value)
			}
		case "ri":
			i.intent(last)
		case "Do":
			if value, ok := i.named(own, "/XObject", last); ok {
				i.object(value)
			}
		case "BI":
			i.inline(dictionaryOf(last), own)
		case "Tr":
			state.mode, _ = strconv.Atoi(last)
		case "Tf":
			if len(operands) >= 2 {
				if value, ok := i.named(own, "/Font", operands[len(operands)-2]); ok {
					state.font = i.font(value)
				}
			}
		case "Tj", "'", "\"":
			i.shows(state, last)
		case "TJ":
			parts, _ := parseArray(last)
			for _, part := range parts {
				i.shows(state, part)
			}
		}
		return true
	})
}

// operand looks at the limits of a value.
func (i *inspection) operand(raw string) {
	switch {
	case strings.HasPrefix(raw, "<<"), strings.HasPrefix(raw, "["):
		for s := range strings.SplitSeq(raw, "<") {
			digits, _, ok := strings.Cut(s, ">")
			i.breaks(ClauseStrings, ok && strings.HasPrefix(raw, "[") && odd(digits))
		}
	case strings.HasPrefix(raw, "<"):
		i.breaks(ClauseStrings, odd(strings.Trim(raw, "<>")))
		i.breaks(ClauseLimits, len(raw) > 2*mostString)
	case strings.HasPrefix(raw, "("):
		i.breaks(ClauseLimits, len(raw) > 2*mostString)
	case strings.HasPrefix(raw, "/"):
		i.breaks(ClauseLimits, len(contentstream.DecodeName(raw[1:])) > mostName)
	default:
		if v, err := strconv.ParseFloat(raw, 64); err == nil {
			whole := !strings.Contains(raw, ".")
			i.breaks(ClauseLimits, whole && math.Abs(v) > math.MaxInt32 || math.Abs(v) > math.MaxFloat32)
		}
	}
}

// odd reports whether digits are not pairs of hexadecimal ones.
func odd(digits string) bool {
	n := 0
	for _, c := range []byte(digits) {
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
			n++
		case !isSpace(c):
			return true
		}
	}
	return n%2 == 1
}

// inline looks at an inline image.
func (i *inspection) inline(d dictionary, own dictionary) {
	for _, key := range []string{"/F", "/Filter"} {
		value, _ := d.get(key)
		i.breaks(ClauseInline, slices.ContainsFunc([]string{"/LZW", "/Crypt"}, func(name string) bool { return strings.Contains(value, name) }))
	}
	for _, key := range []string{"/I", "/Interpolate"} {
		value, _ := d.get(key)
		i.breaks(ClausePictures, value == "true")
	}
	for _, key := range []string{"/CS", "/ColorSpace"} {
		if value, ok := d.get(key); ok {
			i.space(value, own)
		}
	}
	if value, ok := d.get("/Intent"); ok {
		i.intent(value)
	}
}

// pattern looks at what an area is filled with.
func (i *inspection) pattern(own dictionary, name string) {
	value, ok := i.named(own, "/Pattern", name)
	if !ok || !i.once(value) {
		return
	}
	n, _ := parseReference(value)
	d := i.objects.dictionary(value)
	if shading, ok := d.get("/Shading"); ok {
		i.shading(shading, own)
		if state, ok := d.get("/ExtGState"); ok {
			i.state(state)
		}
		return
	}
	i.filters(d)
	value, _ = d.get("/Resources")
	inner := i.objects.dictionary(value)
	data, ok := i.objects.stream(n)
	i.breaks(ClauseStreams, !ok)
	i.resources(inner)
	i.content(data, inner)
}

// shading looks at a shade, which is a dictionary or a stream.
func (i *inspection) shading(value string, own dictionary) {
	d := i.objects.dictionary(value)
	if n, ok := parseReference(value); ok && i.objects.objects[n].is {
		i.filters(d)
	}
	if space, ok := d.get("/ColorSpace"); ok {
		i.space(space, own)
	}
}

// shows notes the codes of a string that is shown.
func (i *inspection) shows(state textState, raw string) {
	text, ok := decodeString(raw)
	if !ok || state.font == nil {
		return
	}
	state.font.shows(text, state.mode != invisible)
}
