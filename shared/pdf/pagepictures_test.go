package pdf

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

func TestPDFOfPicturesShowsThePagesAndHoldsNoText(t *testing.T) {
	scan := func(entries, content string) []byte {
		return pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"+entries+"/Resources<</XObject<</Scan 5 0 R>>>>/Contents 4 0 R>>",
			pdftest.Stream("", []byte(content+" 595 0 0 842 0 0 cm/Scan Do")),
			pdftest.Stream("/Type/XObject/Subtype/Image/Width 850/Height 1200/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", photo(850, 1200)))
	}
	for name, c := range map[string]struct {
		data []byte
		kept bool // the picture of the page is
	}{
		"a scan":         {scan("", ""), true},
		"turned":         {scan("/Rotate 90", ""), true},
		"clipped to all": {scan("", "0 0 595 842 re W n"), true},
		"a part of one":  {scan("", "0 0 9 9 re W n"), false},
		"a page of text": {onePage(letter, prose()), false},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := copied(t, c.data, ocr.PDFOptions{Kind: ocr.PicturesOnly})
			check(t, out)
			if text := strings.TrimSpace(string(independent(t, out))); text != "" {
				t.Errorf("text: %q", text)
			}
			if got := bytes.Contains(out, photo(850, 1200)); got != c.kept {
				t.Errorf("the picture is kept: %t", got)
			}
			was, is := open(t, c.data), open(t, out)
			width, height, err := was.Size(1)
			if w, h, sizeErr := is.Size(1); err != nil || sizeErr != nil || w != width || h != height {
				t.Errorf("%v x %v, was %v x %v", w, h, width, height)
			}
			before, err := was.Raster(1, ocr.Limits{Pixels: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			after, err := is.Raster(1, ocr.Limits{Pixels: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if c.kept && !bytes.Equal(before.JPEG, after.JPEG) || !c.kept && after.JPEG != nil {
				t.Error("the page looks different")
			}
		})
	}
}

// locked is a document of one page that was opened with its password.
func locked(t *testing.T) *Document {
	t.Helper()
	data := pdftest.Encrypted("secret", "owner", -4, nil, "0 0 99 99 re f", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>", "")
	source, err := shared.Open(bytes.NewReader(data), int64(len(data)), "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	return source
}

func TestPDFOfPicturesNeedsThePasswordOfTheDocument(t *testing.T) {
	source := locked(t)
	for _, remove := range []bool{false, true} {
		var out bytes.Buffer
		w, err := shared.NewWriter(source, ocr.PDFOptions{Kind: ocr.PicturesOnly, RemovePassword: remove}, &out)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		_, err = shared.Open(bytes.NewReader(out.Bytes()), int64(out.Len()), "")
		if opens := err == nil; opens != remove {
			t.Errorf("opens without a password: %t, password removed: %t", opens, remove)
		}
	}
}

func TestInvisibleTextIsSmall(t *testing.T) {
	words := strings.Fields(strings.Repeat(strings.Join(english(), " ")+" ", 12))
	page, chars := recognised(1700, 2200, 200, 0, words), 0
	for _, w := range words {
		chars += len(w) + 1
	}
	pic := &Picture{JPEG: photo(850, 1100)}
	size := pictures(t, page, pic)
	page.Blocks = nil
	bare := pictures(t, page, pic)
	// A character takes less than a byte, with its place; what is there only once is its font's map to text.
	if more := len(size) - len(bare); more > chars+500 {
		t.Errorf("%d characters take %d bytes", chars, more)
	}
}

func TestPagesOfEverySizeBecomePictures(t *testing.T) {
	for _, c := range []struct {
		box           string
		kind          ocr.PDFKind
		width, height float64 // of the result
	}{
		{"/MediaBox[0 0 14400 14400]", ocr.PicturesOnly, maxSide, maxSide},
		{"/MediaBox[0 0 28800 20000]", ocr.PicturesOnly, maxSide, 10_000},
		{"/MediaBox[0 0 1 14400]", ocr.PicturesOnly, leastSide, maxSide},
		{"/MediaBox[0 0 2 2]", ocr.PicturesOnly, leastSide, leastSide},
		{"/MediaBox[0 0 14400 14400]", ocr.Archive, maxSide, maxSide},
		{"/MediaBox[0 0 28800 20000]", ocr.Archive, maxSide, 10_000},
		{"/MediaBox[0 0 1 14400]", ocr.Archive, leastSide, maxSide},
		{"/MediaBox[0 0 2 2]", ocr.Archive, leastSide, leastSide},
		{"/MediaBox[0 0 500000 100]", ocr.PicturesOnly, maxSide, leastSide},
		{"/MediaBox[0 0 500000 100]", ocr.Archive, maxSide, leastSide},
	} {
		t.Run(string(c.kind)+c.box, func(t *testing.T) {
			data := onePage(c.box, prose()) // in a font that is not there
			var out bytes.Buffer
			w, err := shared.NewWriter(open(t, data), ocr.PDFOptions{Kind: c.kind}, &out)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if err := w.Page(ocr.Page{Number: 1, Width: 1, Height: 1, DPI: 72, Origin: ocr.Failed}, nil); err != nil {
				t.Fatal(err)
			}
			if err := w.Finish(); err != nil {
				t.Fatal(err)
			}
			check(t, out.Bytes())
			if broken := checkArchive(out.Bytes()); c.kind == ocr.Archive && len(broken) > 0 {
				t.Errorf("breaks %v", broken)
			}
			if width, height, err := open(t, out.Bytes()).Size(1); err != nil || width != c.width || height != c.height {
				t.Errorf("%v x %v: %v", width, height, err)
			}
		})
	}
}

// A page that cannot be drawn at one pixel an inch within the limit, such as a square of 200 m, cannot be a picture.
func TestPageTooLargeToBecomeAPictureIsRefusedWithTheLimit(t *testing.T) {
	for _, kind := range []ocr.PDFKind{ocr.PicturesOnly, ocr.Archive} {
		w, err := shared.NewWriter(open(t, onePage("/MediaBox[0 0 567000 567000]", prose())), ocr.PDFOptions{Kind: kind}, io.Discard)
		if err == nil {
			defer w.Close()
			err = errors.Join(w.Page(ocr.Page{Number: 1, Width: 1, Height: 1, DPI: 72, Origin: ocr.Failed}, nil), w.Finish())
		}
		refused, ok := errors.AsType[*refusal.Error](err)
		if !ok || refused.Fault().Code != fault.PageTooLarge || !strings.Contains(refused.Fault().Detail, "at 1 dpi") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
