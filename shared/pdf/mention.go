package pdf

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// mentions finds words that do not show where a document says them beside its pages: in descriptions of its structure, titles,
// metadata, comments and fields.
type mentions struct {
	words map[string]int  // and a page on which each is hidden
	shown map[string]bool // that show on some page: there is nothing to conceal
	left  map[string]bool // those that stay somewhere
}

const (
	shortest    = 4      // runes of a word that is looked for: shorter ones are found everywhere
	maxMentions = 20_000 // words that are looked for, of a document
	maxShown    = 200_000
	maxMetadata = 4 << 20
)

// learn adds the words that do not show on a page, but for those that also show there.
func (m *mentions) learn(page int, glyphs []glyph) {
	shown, hidden := parted(glyphs)
	if len(hidden) == 0 {
		return
	}
	var text strings.Builder
	for _, g := range shown {
		text.WriteRune(g.char)
	}
	there := map[string]bool{}
	eachWord(text.String(), func(from, to int) { there[text.String()[from:to]] = true })
	for _, h := range hidden {
		eachWord(h.text, func(from, to int) {
			word := h.text[from:to]
			if _, known := m.words[word]; !known && !there[word] && len(m.words) < maxMentions {
				m.words[strings.Clone(word)] = page
			}
		})
	}
}

// show adds the words that a page shows.
func (m *mentions) show(page ocr.Page) {
	for w := range page.Words {
		eachWord(w.Text, func(from, to int) {
			if word := w.Text[from:to]; !m.shown[word] && len(m.shown) < maxShown {
				m.shown[strings.Clone(word)] = true
			}
		})
	}
}

// eachWord calls use with where the words of a text begin and end: what is between spaces, without the signs around it.
func eachWord(text string, use func(from, to int)) {
	sign := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	at := 0
	for field := range strings.FieldsSeq(text) {
		from := at + strings.Index(text[at:], field)
		at = from + len(field)
		word := strings.TrimLeftFunc(field, sign)
		from += len(field) - len(word)
		if word = strings.TrimRightFunc(word, sign); utf8.RuneCountInString(word) >= shortest {
			use(from, from+len(word))
		}
	}
}

// without returns a text without the words, and which they are.
func (m *mentions) without(text string) (rest string, found []string) {
	var b strings.Builder
	at := 0
	eachWord(text, func(from, to int) {
		if _, ok := m.words[text[from:to]]; ok && !m.shown[text[from:to]] {
			found = append(found, text[from:to])
			b.WriteString(text[at:from])
			at = to
		}
	})
	b.WriteString(text[at:])
	return b.String(), found
}

// clean takes the words out of an object where readers do not depend on them, and notes those that stay.
func (m *mentions) clean(raw string) string {
	if len(m.words) == 0 || !strings.ContainsAny(raw, "(<") {
		return raw
	}
	e := editor{
		dictionary: func(d dictionary) (dictionary, bool) { return m.dictionary(d), true },
		keep: func(value string) bool {
			if text, ok := decodeText(value); ok {
				m.stay(text)
			}
			return true
		},
	}
	cleaned, _ := e.value(raw, 0)
	return cleaned
}

func (m *mentions) stay(text string) {
	_, found := m.without(text)
	for _, word := range found {
		m.left[word] = true
	}
}

func (m *mentions) dictionary(d dictionary) dictionary {
	_, placed := d.get("/Rect")
	_, field := d.get("/FT")
	var kept dictionary
	for _, e := range d {
		text, ok := decodeText(e.value)
		if !ok {
			kept = append(kept, e)
			continue
		}
		rest, found := m.without(text)
		switch {
		case len(found) == 0:
		case slices.Contains([]string{"/ActualText", "/Alt", "/E"}, e.key):
			continue
		case !placed && !field && slices.Contains([]string{"/Title", "/Subject", "/Keywords", "/Author", "/T"}, e.key):
			e.value = "<" + hex.EncodeToString(append([]byte{0xFE, 0xFF}, utf16Bytes(rest)...)) + ">"
		}
		kept = append(kept, e)
	}
	return kept
}

// metadata takes the words out of a stream of metadata (XMP) as it passes by; they become spaces.
func (m *mentions) metadata(p *part) error {
	d := dictionaryOf(p.raw)
	if kind, _ := d.get("/Type"); kind != "/Metadata" || len(m.words) == 0 || p.length > maxMetadata {
		return nil
	}
	data, err := io.ReadAll(p.stream)
	if err != nil {
		return err
	}
	p.stream = bytes.NewReader(data)
	objects := resident{objects: map[int]kept{p.number: {raw: p.raw, is: true, data: data}}, decoded: map[int][]byte{}}
	text, ok := objects.stream(p.number)
	if !ok {
		return nil
	}
	changed := bytes.Clone(text)
	longest := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, word := range slices.SortedFunc(maps.Keys(m.words), longest) { // one may be a part of another
		if m.shown[word] {
			continue
		}
		changed = bytes.ReplaceAll(changed, []byte(word), bytes.Repeat([]byte{' '}, len(word)))
	}
	if bytes.Equal(changed, text) {
		return nil
	}
	var packed bytes.Buffer
	_ = deflate(&packed, changed) // to memory
	p.raw = d.without("/DecodeParms").with("/Filter", "/FlateDecode").with("/Length", strconv.Itoa(packed.Len())).String()
	p.stream, p.length = &packed, int64(packed.Len())
	return nil
}

// note notes the words that stay, on the pages on which they are hidden, but for pages that are noted already.
func (m *mentions) note(notes []ocr.Note) []ocr.Note {
	count := map[int]int{}
	for word := range m.left {
		count[m.words[word]]++
	}
	for _, page := range slices.Sorted(maps.Keys(count)) {
		if !slices.ContainsFunc(notes, func(n ocr.Note) bool { return n.Code == ocr.HiddenTextKept && n.Page == page }) {
			notes = append(notes, ocr.Note{Code: ocr.HiddenTextKept, Page: page, Count: count[page]})
		}
	}
	return notes
}

// decodeText returns the text of a string (ISO 32000-2, section 7.9.2.2). ok is false for other values.
func decodeText(raw string) (text string, ok bool) {
	if strings.HasPrefix(raw, "<<") {
		return "", false
	}
	if text, ok = decodeString(raw); !ok {
		return "", false
	}
	if units, ok := strings.CutPrefix(text, "\xFE\xFF"); ok {
		var decoded []uint16
		for i := 0; i+1 < len(units); i += 2 {
			decoded = append(decoded, uint16(units[i])<<8|uint16(units[i+1]))
		}
		return string(utf16.Decode(decoded)), true
	}
	if plain, ok := strings.CutPrefix(text, "\xEF\xBB\xBF"); ok {
		return plain, true
	}
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	return string(runes), true
}

// withoutPrivate takes out of an object what programs keep of earlier states of a page: data of their own and a small picture.
func withoutPrivate(raw string) string {
	if !strings.Contains(raw, "/PieceInfo") && !strings.Contains(raw, "/Thumb") {
		return raw
	}
	e := editor{dictionary: func(d dictionary) (dictionary, bool) {
		if kind, ok := d.get("/Type"); !ok || !strings.HasPrefix(kind, "/") {
			return d, true // of names that its writer chose, such as those of pictures
		}
		return d.without("/PieceInfo").without("/Thumb"), true
	}}
	raw, _ = e.value(raw, 0)
	return raw
}
