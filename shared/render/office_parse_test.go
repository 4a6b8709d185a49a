package render

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// pageTexts is the text of pages without its spaces: formats put those where lines and cells are joined.
type pageTexts map[int]string

func (t pageTexts) add(page int, text string) {
	t[page] += strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// modelTexts is what formats of words without places hold. Those whose paragraphs are joined lack the hyphens between lines.
func modelTexts(joined func(b *ocr.Block, inTable bool) bool, pages []ocr.Page) pageTexts {
	texts := pageTexts{}
	for _, p := range pages {
		p = clean(p)
		texts.add(p.Number, "")
		for i := range p.Blocks {
			b := &p.Blocks[i]
			written := 0
			for paragraph := range b.Text {
				written++
				for j, l := range paragraph.Lines {
					for k, w := range l.Words {
						word := w.Text
						if k+1 == len(l.Words) && j+1 < len(paragraph.Lines) && joined(b, written > len(b.Paragraphs)) {
							if part, _, whole := hyphenated(word, paragraph.Lines[j+1].Words[0].Text); whole != "" {
								word = part
							}
						}
						texts.add(p.Number, word)
					}
				}
			}
		}
	}
	return texts
}

// wantTexts is what a format without places holds.
func wantTexts(f Format, pages []ocr.Page) pageTexts {
	texts := modelTexts(func(b *ocr.Block, inTable bool) bool {
		return b.Kind != ocr.MRZBlock && (inTable || f != CSV && f != XLSX) && f != PPTX
	}, pages)
	maps.DeleteFunc(texts, func(_ int, text string) bool { return f == CSV && text == "" }) // no record names them
	return texts
}

// parseTexts reads a result whose words have no places.
func parseTexts(f Format, data []byte) (pageTexts, error) {
	switch f {
	case DOCX:
		return docxTexts(data)
	case XLSX:
		return xlsxTexts(data)
	case PPTX:
		return pptxTexts(data)
	case CSV:
		return csvTexts(data)
	case RTF:
		return rtfTexts(data)
	case MD:
		return markdownTexts(data)
	}
	return nil, fmt.Errorf("no text in %s", f)
}

// unpack returns the parts of a package in their order.
func unpack(data []byte) ([]string, map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, err
	}
	var names []string
	parts := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, nil, err
		}
		names = append(names, f.Name)
		if parts[f.Name], err = io.ReadAll(r); err != nil {
			return nil, nil, err
		}
	}
	return names, parts, nil
}

func docxTexts(data []byte) (pageTexts, error) {
	_, parts, err := unpack(data)
	if err != nil {
		return nil, err
	}
	root, err := parseXML(parts["word/document.xml"])
	if err != nil {
		return nil, err
	}
	texts, page := pageTexts{}, 1
	texts.add(page, "")
	for e := range root.all1 {
		switch e.Name {
		case "pageBreakBefore":
			page++
			texts.add(page, "")
		case "t":
			texts.add(page, e.Text)
		case "pPr":
			if len(e.find(named("sectPr"))) > 0 {
				page++
				texts.add(page, "")
			}
		}
	}
	return texts, nil
}

func pptxTexts(data []byte) (pageTexts, error) {
	_, parts, err := unpack(data)
	if err != nil {
		return nil, err
	}
	presentation, err := parseXML(parts["ppt/presentation.xml"])
	if err != nil {
		return nil, err
	}
	texts := pageTexts{}
	for i := range presentation.find(named("sldId")) {
		slide, err := parseXML(parts[fmt.Sprintf("ppt/slides/slide%d.xml", i+1)])
		if err != nil {
			return nil, err
		}
		texts.add(i+1, "")
		for _, t := range slide.find(named("t")) {
			texts.add(i+1, t.Text)
		}
	}
	return texts, nil
}

// all1 yields e and everything in it, in document order.
func (e *element) all1(yield func(*element) bool) { e.all(yield) }

func xlsxTexts(data []byte) (pageTexts, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	texts := pageTexts{}
	for _, sheet := range f.GetSheetList() {
		page, err := strconv.Atoi(strings.Fields(sheet)[1])
		if err != nil {
			return nil, err
		}
		rows, err := f.GetRows(sheet)
		if err != nil {
			return nil, err
		}
		texts.add(page, "")
		for _, row := range rows {
			for _, value := range row {
				texts.add(page, value)
			}
		}
	}
	return texts, f.Close()
}

func csvTexts(data []byte) (pageTexts, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1 // tables differ in their columns
	records, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	texts := pageTexts{}
	for _, record := range records[1:] {
		n, err := integers(slices.Concat(record[:1], record[2:7])...)
		if err != nil {
			return nil, err
		}
		for _, field := range record[7:] {
			texts.add(n[0], plain(field))
		}
	}
	return texts, nil
}

// plain takes the apostrophe away that keeps text from being a formula.
func plain(field string) string {
	return regexp.MustCompile(`((?:^|[;\n]) *)'('*[=+\-@＝＋－＠])`).ReplaceAllString(field, "$1$2")
}

// rtfToken matches a control word with its number, a control symbol, a bracket, and text.
var rtfToken = regexp.MustCompile(`\\([a-z]+)(-?[0-9]+)? ?|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]+`)

func rtfTexts(data []byte) (pageTexts, error) {
	for _, c := range data {
		if c > '~' || c < ' ' && c != '\n' {
			return nil, fmt.Errorf("the byte %#x", c)
		}
	}
	texts, page, depth, skip := pageTexts{}, 1, 0, 0
	texts.add(page, "")
	var units []uint16
	end := 0
	for _, m := range rtfToken.FindAllSubmatchIndex(data, -1) {
		if m[0] != end {
			return nil, fmt.Errorf("cannot read %q", data[end:m[0]])
		}
		end = m[1]
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return string(data[m[2*n]:m[2*n+1]])
		}
		word, number, symbol, bracket, chars := group(1), group(2), group(3), group(4), group(5)
		if word == "u" {
			n, err := strconv.Atoi(number)
			if err != nil {
				return nil, err
			}
			units = append(units, uint16(n))
			continue
		}
		if skip == 0 {
			texts.add(page, string(utf16.Decode(units)))
		}
		units = nil
		switch {
		case bracket == "{":
			depth++
		case bracket == "}":
			if depth--; depth < skip {
				skip = 0
			}
		case slices.Contains([]string{"fonttbl", "stylesheet", "info"}, word) || symbol == "*":
			skip = depth
		case word == "pagebb" || word == "sect":
			page++
			texts.add(page, "")
		case skip == 0 && symbol+chars != "":
			texts.add(page, symbol+chars)
		}
	}
	if depth != 0 || end != len(data) {
		return nil, fmt.Errorf("%d groups are open at %d of %d bytes", depth, end, len(data))
	}
	return texts, nil
}

// markdownParser knows CommonMark and what GitHub adds to it, but for links that it makes of addresses.
func markdownParser() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList))
}

// pageMark matches the comment before a page.
var pageMark = regexp.MustCompile(`^<!-- page ([0-9]+)(: [a-z_]*)? -->\n$`)

// markdownTexts reads Markdown and refuses all markup but what results have.
func markdownTexts(data []byte) (pageTexts, error) {
	texts, page := pageTexts{}, 0
	var raw []byte // an escape may be divided among texts
	root := markdownParser().Parser().Parse(gmtext.NewReader(data))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				texts.add(page, unescaped(raw))
				raw = nil
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			m := pageMark.FindSubmatch(n.Lines().Value(data))
			if m == nil {
				return ast.WalkStop, fmt.Errorf("HTML %q", n.Lines().Value(data))
			}
			page, _ = strconv.Atoi(string(m[1]))
			texts.add(page, "")
		case *ast.RawHTML:
			if s := n.Segments.Value(data); string(s) != "<br>" {
				return ast.WalkStop, fmt.Errorf("HTML %q", s)
			}
			raw = append(raw, '\n')
		case *ast.Text:
			raw = append(raw, n.Segment.Value(data)...)
			if n.SoftLineBreak() || n.HardLineBreak() {
				raw = append(raw, '\n')
			}
		case *ast.Document, *ast.Paragraph, *ast.Heading, *extast.Table, *extast.TableHeader, *extast.TableRow, *extast.TableCell, *ast.TextBlock:
		default:
			return ast.WalkStop, fmt.Errorf("%s in %q", n.Kind(), data)
		}
		return ast.WalkContinue, nil
	})
	return texts, err
}

// markdownEscape matches what stands for other characters in the text of Markdown.
var markdownEscape = regexp.MustCompile(`\\[[:punct:]]|&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z0-9]+);`)

// unescaped resolves backslashes and entities, which the parser leaves in its text.
func unescaped(s []byte) string {
	return markdownEscape.ReplaceAllStringFunc(string(s), func(m string) string {
		if rest, ok := strings.CutPrefix(m, `\`); ok {
			return rest
		}
		return html.UnescapeString(m)
	})
}

// packages are the formats that are packages, whose parts are compressed.
var packages = []Format{DOCX, XLSX, PPTX}

// withoutPlaces are the formats whose words have no boxes.
var withoutPlaces = []Format{DOCX, XLSX, PPTX, CSV, RTF, MD}

// soFar returns what a reader finds in the beginning of a result, in the parts of a package too.
func soFar(f Format, data []byte) string {
	if !slices.Contains(packages, f) {
		return string(data)
	}
	var b strings.Builder
	const header = 30 // of a part, before its name and what else there is about it
	for _, part := range bytes.Split(data, []byte("PK\x03\x04"))[1:] {
		start := header - 4
		start += int(part[22]) + int(part[24])
		_, _ = io.Copy(&b, flate.NewReader(bytes.NewReader(part[start:]))) // as far as it goes
	}
	return b.String()
}
