package render

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"iter"
	"math"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

//go:generate go test -count=1 -run GoldenFile . -update

var update = flag.Bool("update", false, "rewrite the golden files")

// everyFormat lists the formats with those of the ABBYY interface.
func everyFormat() []Format { return slices.Concat(Formats(), ABBYYFormats()) }

func TestEveryFormatMatchesItsGoldenFile(t *testing.T) {
	for _, f := range everyFormat() {
		t.Run(string(f), func(t *testing.T) {
			golden(t, string(f), shown(t, f, render(t, f, document(), model()...)))
		})
	}
}

// golden requires that a result is that of its golden file, or makes it so.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: run go generate if the change is meant (-want +got):\n%s", name, diff)
	}
}

// shown returns a result as people can read it: the parts of a package one after the other.
func shown(t *testing.T, f Format, result []byte) []byte {
	t.Helper()
	if !slices.Contains(packages, f) {
		return result
	}
	names, parts, err := unpack(result)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, name := range names {
		b.WriteString("-- " + name + " --\n")
		b.Write(bytes.ReplaceAll(parts[name], []byte("><"), []byte(">\n<")))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func TestFormatsAgreeOnEveryWordItsPlaceAndItsConfidence(t *testing.T) {
	pages, doc := append(model(), tabular()), document()
	doc.Pages = len(pages)
	want := modelWords(pages)
	for _, f := range Formats() {
		t.Run(string(f), func(t *testing.T) {
			result := render(t, f, doc, pages...)
			if _, ofOriginal := f.kind(); f == TXT || ofOriginal { // the one has no boxes, those of the other are the engine's
				inOrder(t, string(result), want)
				return
			}
			if slices.Contains(withoutPlaces, f) {
				got, err := parseTexts(f, result)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(wantTexts(f, pages), got); diff != "" {
					t.Errorf("words (-model +%s):\n%s", f, diff)
				}
				return
			}
			got, err := parseWords(f, result)
			if err != nil {
				t.Fatal(err)
			}
			want := want
			if f == ABBYYXML {
				want = slices.Clone(want)
				for i := range want {
					want[i].Confidence = math.Round(want[i].Confidence)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("words (-model +%s):\n%s", f, diff)
			}
		})
	}
}

// inOrder requires that a text has the words one after the other.
func inOrder(t *testing.T, text string, words []placed) {
	t.Helper()
	for _, w := range words {
		_, rest, ok := strings.Cut(text, w.Text)
		if !ok {
			t.Fatalf("%q of page %d is missing or out of order", w.Text, w.Page)
		}
		text = rest
	}
}

func TestEachPageIsWrittenBeforeTheNextIsAskedFor(t *testing.T) {
	for _, f := range Formats() {
		mark := "Turned"
		if f == ABBYYXML { // letter by letter
			mark = ">T</charParams>"
		}
		synctest.Test(t, func(t *testing.T) {
			var b bytes.Buffer
			pages := model()
			pages[0].Blocks, pages[1].Blocks = pages[5].Blocks, pages[5].Blocks
			seq := func(yield func(ocr.Page, error) bool) {
				_ = yield(pages[0], nil)
				synctest.Wait() // the engine of a PDF works beside
				if n := strings.Count(soFar(f, b.Bytes()), mark); n != 1 {
					t.Errorf("%d pages written after the first, want 1", n)
				}
				_ = yield(pages[1], nil)
			}
			if err := write(t, &b, f, Document{}, seq); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(soFar(f, b.Bytes()), mark); n != 2 {
				t.Errorf("%d pages written at the end, want 2", n)
			}
		})
	}
}

func TestPDFsAreWrittenOneAfterTheOther(t *testing.T) {
	var searchable, pictures, text bytes.Buffer
	busy := &busy{}
	doc := document()
	told := 0
	doc.Original = Original{Engine: busy, Noted: func(notes []ocr.Note) { told += len(notes) }}
	pages := func(yield func(ocr.Page, error) bool) { _ = yield(model()[0], nil) }
	doc.Pages = 1
	if err := Write(t.Context(), doc, pages, Output{PDF, &searchable}, Output{TXT, &text}, Output{PDFImages, &pictures}); err != nil {
		t.Fatal(err)
	}
	if searchable.String() != "" || pictures.String() != "pictures" || text.Len() == 0 || told != 2 {
		t.Errorf("wrote %q, %q and %q, told %d notes", &searchable, &pictures, &text, told)
	}
}

// busy is an engine that writes one PDF at a time, of which it writes the kind.
type busy struct{ works atomic.Bool }

func (b *busy) WritePDF(_ context.Context, _ ocr.Source, opt ocr.PDFOptions, pages iter.Seq2[ocr.Page, error], w io.Writer) ([]ocr.Note, error) {
	if !b.works.CompareAndSwap(false, true) {
		return nil, errors.New("another PDF is being written")
	}
	defer b.works.Store(false)
	for _, err := range pages {
		if err != nil {
			return nil, err
		}
	}
	_, err := io.WriteString(w, string(opt.Kind))
	return []ocr.Note{{Code: ocr.ActiveContentRemoved}}, err
}

func TestFormatThatIsNotInTheTableIsRefused(t *testing.T) {
	if err := write(t, io.Discard, "epub", Document{}, sequence(model()...)); !errors.Is(err, fault.FormatUnknown) {
		t.Errorf("epub: got %v, want an unknown format", err)
	}
}

func TestPDFIsNotWrittenWithoutTheOriginal(t *testing.T) {
	if err := Write(t.Context(), Document{}, sequence(model()...), Output{PDF, io.Discard}); !errors.Is(err, fault.InternalError) {
		t.Errorf("got %v, want an internal error", err)
	}
}

func TestAllFormatsAreWrittenInOneReadingOfThePagesAndOneForEachFurtherPDF(t *testing.T) {
	var outputs []Output
	for _, f := range everyFormat() {
		outputs = append(outputs, Output{f, &bytes.Buffer{}})
	}
	doc, read := document(), 0
	doc.Original = Original{Engine: &engine{}}
	err := Write(t.Context(), doc, func(yield func(ocr.Page, error) bool) {
		read++
		sequence(model()...)(yield)
	}, outputs...)
	if err != nil || read != len(passes(outputs)) {
		t.Fatalf("pages were read %d times, %v", read, err)
	}
	for _, o := range outputs {
		alone := render(t, o.Format, document(), model()...)
		if together := o.W.(*bytes.Buffer).Bytes(); !bytes.Equal(alone, together) {
			t.Errorf("%s differs beside others: %d bytes, alone %d", o.Format, len(together), len(alone))
		}
	}
}

// The engine works beside the other formats: whatever ends the pass, it has let go when Write returns.
func TestEngineHasLetGoWhenThePassEnds(t *testing.T) {
	cause := errors.New("cause")
	broken := func(yield func(ocr.Page, error) bool) { _ = yield(model()[0], nil) && yield(ocr.Page{}, cause) }
	for name, test := range map[string]struct {
		engine engine
		pages  iter.Seq2[ocr.Page, error]
		other  io.Writer
		want   error
	}{
		"no more pages":                  {pages: broken, other: io.Discard, want: cause},
		"another format cannot go on":    {pages: sequence(model()...), other: &full{100}, want: io.ErrShortWrite},
		"the engine fails":               {engine: engine{fails: cause}, pages: sequence(model()...), other: io.Discard, want: cause},
		"the engine fails before a page": {engine: engine{fails: cause, unread: true}, pages: sequence(model()...), other: io.Discard, want: cause},
		"the engine does not read on":    {engine: engine{unread: true}, pages: sequence(model()...), other: io.Discard, want: fault.InternalError},
	} {
		synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
			doc := Document{Original: Original{Engine: &test.engine}}
			err := Write(t.Context(), doc, test.pages, Output{PDF, io.Discard}, Output{HOCR, test.other})
			if !errors.Is(err, test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
			if whole := test.engine.fails == nil && !test.engine.unread; whole && test.engine.broken == nil {
				t.Errorf("%s: the engine took the pages for complete", name)
			}
		})
	}
}

// A row of the table that lacks something would show in results, in file names or in storage.
func TestEveryRowOfTheTableIsComplete(t *testing.T) {
	for _, r := range table() {
		if _, _, err := mime.ParseMediaType(r.mediaType); err != nil || r.mediaType == Format("").MediaType() {
			t.Errorf("%s has the media type %q: %v", r.name, r.mediaType, err)
		}
		if !regexp.MustCompile(`^[a-z0-9]{1,16}$`).MatchString(string(r.name)) {
			t.Errorf("%q is no name of a blob and of a segment of an address", r.name)
		}
		if !regexp.MustCompile(`^(\.[a-z0-9]+)+$`).MatchString(r.extension) || r.new == nil {
			t.Errorf("%s has the extension %q, and can be written: %t", r.name, r.extension, r.new != nil)
		}
	}
}

func TestReadmeListsEveryFormat(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Formats() {
		if !strings.Contains(string(readme), "`"+string(f)+"`") {
			t.Errorf("README.md does not name the format %s", f)
		}
	}
}

func TestParseFormatKnowsEveryFormatAndListsThemOtherwise(t *testing.T) {
	seen := make(map[string]Format)
	for _, f := range Formats() {
		got, err := ParseFormat(string(f))
		if err != nil || got != f {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
		if other, ok := seen[f.Extension()]; ok || f.Extension() == "" {
			t.Errorf("%s and %s share the extension %q", f, other, f.Extension())
		}
		seen[f.Extension()] = f
	}
	for _, f := range ABBYYFormats() {
		if _, err := ParseFormat(string(f)); !errors.Is(err, fault.FormatUnknown) || !f.Known() {
			t.Errorf("ParseFormat(%q) is %v, and the format is known: %t", f, err, f.Known())
		}
		if other, ok := seen[f.Extension()]; ok {
			t.Errorf("%s and %s share the extension %q", f, other, f.Extension())
		}
		seen[f.Extension()] = f
	}
	_, err := ParseFormat("ep\nub")
	if !errors.Is(err, fault.FormatUnknown) {
		t.Fatalf("got %v, want an unknown format", err)
	}
	if !strings.Contains(err.Error(), Names()) || strings.Contains(err.Error(), "ub") {
		t.Errorf("%q does not list the formats, or repeats the name given", err)
	}
}

func TestWhatBreaksOffDoesNotLookWhole(t *testing.T) {
	broken := errors.New("no more pages")
	pages := func(yield func(ocr.Page, error) bool) {
		if yield(model()[0], nil) {
			yield(ocr.Page{}, broken)
		}
	}
	const directory = "\x00\x00" // of an archive, and the length of a comment
	ends := map[Format]string{
		JSON: "\n]}\n", HOCR: "</html>\n", ALTO: "</alto>\n", ABBYYXML: "</document>\n", RTF: "\n}\n",
		DOCX: directory, XLSX: directory, PPTX: directory,
	}
	for f, end := range ends {
		if whole := render(t, f, document(), model()...); !bytes.HasSuffix(whole, []byte(end)) {
			t.Fatalf("a whole %s does not end with %q", f, end)
		}
		var b bytes.Buffer
		if err := write(t, &b, f, document(), pages); !errors.Is(err, broken) {
			t.Errorf("%s: %v", f, err)
		}
		if _, _, broken := unpack(b.Bytes()); broken == nil || end != directory && bytes.HasSuffix(b.Bytes(), []byte(end)) {
			t.Errorf("%s that broke off ends as a whole one", f)
		}
	}
}

func TestNothingIsLookedForThatNoFormatShows(t *testing.T) {
	if got := Needs([]Format{TXT, PDF, HOCR, ALTO, TSV}, Options{CharVariants: true}); got != (ocr.Features{}) {
		t.Errorf("formats of words need %+v", got)
	}
	if got := Needs([]Format{TXT, JSON}, Options{}); !got.Tables || !got.Barcodes || !got.MRZ || got.Characters {
		t.Errorf("JSON needs %+v", got)
	}
}
