package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// qpdf has another program rewrite a PDF, or skips the test.
func qpdf(t *testing.T, data []byte, args ...string) []byte {
	t.Helper()
	tool, err := exec.LookPath("qpdf")
	if err != nil {
		t.Skip("qpdf is not installed")
	}
	in, out := filepath.Join(t.TempDir(), "in.pdf"), filepath.Join(t.TempDir(), "out.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if report, err := exec.CommandContext(t.Context(), tool, append(args, in, out)...).CombinedOutput(); err != nil {
		t.Fatalf("qpdf: %v\n%s", err, report)
	}
	rewritten, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return rewritten
}

func TestPasswords(t *testing.T) {
	for _, bits := range []string{"40", "128", "256"} {
		args := []string{"--encrypt", "user", "owner", bits, "--"}
		if bits != "256" {
			args = append([]string{"--allow-weak-crypto"}, args...)
		}
		data := qpdf(t, onePage(letter, prose()), args...)
		for password, want := range map[string]error{
			"": fault.DocumentPasswordNeed, "wrong": fault.DocumentPasswordWrong, "user": nil, "owner": nil,
		} {
			p, err := shared.Open(bytes.NewReader(data), int64(len(data)), password)
			if want != nil {
				if !errors.Is(err, want) {
					t.Errorf("%s bits, password %q: %v; want %v", bits, password, err, want)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s bits, password %q: %v", bits, password, err)
			}
			if !p.Encrypted() {
				t.Errorf("%s bits, password %q: not encrypted", bits, password)
			}
			p.Close()
		}
	}
}

// A document for the holders of certificates is whole, and no password opens it.
func TestEncryptionForCertificatesIsNoDamage(t *testing.T) {
	data := pdftest.BuildTrailer("/Encrypt<</Filter/Adobe.PubSec/V 4/SubFilter/adbe.pkcs7.s5>>/ID[<00><00>]",
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R"+letter+">>")
	if _, err := shared.Open(bytes.NewReader(data), int64(len(data)), ""); !errors.Is(err, fault.DocumentUnknownType) {
		t.Error(err)
	}
}

func TestRestrictionsOfTheOwnerAreReported(t *testing.T) {
	data := qpdf(t, onePage(letter, prose()), "--encrypt", "", "owner", "256", "--extract=n", "--")
	p := open(t, data)
	if !p.Encrypted() || !p.Restricted() {
		t.Errorf("encrypted %v, restricted %v", p.Encrypted(), p.Restricted())
	}
	if _, ok, err := p.Text(1, false); !ok || err != nil {
		t.Errorf("Text: %v, %v", ok, err)
	}
	owned, err := shared.Open(bytes.NewReader(data), int64(len(data)), "owner")
	if err != nil {
		t.Fatal(err)
	}
	defer owned.Close()
	if owned.Restricted() {
		t.Error("restricted for its owner")
	}
	if plain := open(t, onePage(letter, prose())); plain.Encrypted() || plain.Restricted() {
		t.Error("a plain document is taken for an encrypted one")
	}
}

func TestCopyOfAnEncryptedDocumentIsPlain(t *testing.T) {
	data := qpdf(t, onePage(letter, "q 612 0 0 792 0 0 cm /I1 Do Q"), "--encrypt", "", "owner", "256", "--")
	page := recognised(1700, 2200, 200, 0, english())
	out := overlaid(t, data, page)
	if open(t, out).Encrypted() {
		t.Error("the copy is encrypted")
	}
	if share := placed(page, 72.0/200, locate(t, out)); share < 0.95 {
		t.Errorf("%.2f of the words are in place", share)
	}
}

func many(pages int) []byte {
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", i+3)
	}
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 612 792]>>", kids.String(), pages),
	}
	for range pages {
		objects = append(objects, "<</Type/Page/Parent 2 0 R>>")
	}
	return pdftest.Build(objects...)
}

func TestTenThousandPagesAreCounted(t *testing.T) {
	p := open(t, many(10_000))
	if p.Pages() != 10_000 {
		t.Errorf("%d pages", p.Pages())
	}
	if page, ok, err := p.Text(10_000, false); err != nil || !ok || page.Origin != ocr.Blank {
		t.Errorf("last page: %v %v %v", page.Origin, ok, err)
	}
	if _, _, err := p.Size(10_001); !errors.Is(err, fault.PageDamaged) {
		t.Errorf("page after the last: %v", err)
	}
}

// hostile are documents that are wrong in some way. Nothing but an answer in time is asked for.
func hostile() map[string][]byte {
	good := onePage(letter, prose())
	garbled := bytes.Replace(bytes.Clone(good), []byte("xref\n0 7"), []byte("xref\n9 9"), 1)
	tree := func(pages string) []byte {
		return pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", pages, "<</Type/Page/Parent 2 0 R"+letter+">>",
			"<</Type/Pages/Kids[2 0 R 4 0 R 3 0 R]/Count 3>>")
	}
	deep := []string{"<</Type/Catalog/Pages 2 0 R>>"}
	for i := range 3000 {
		deep = append(deep, fmt.Sprintf("<</Type/Pages/Kids[%d 0 R]/Count 1>>", i+3))
	}
	deep = append(deep, "<</Type/Page"+letter+">>")
	return map[string][]byte{
		"good":             good,
		"junk first":       append([]byte("junk\njunk\n"), good...),
		"truncated":        good[:len(good)/2],
		"no end":           good[:len(good)-12],
		"garbled xref":     garbled,
		"header only":      []byte("%PDF-1.7\n"),
		"loop of pages":    tree("<</Type/Pages/Kids[2 0 R 4 0 R 3 0 R]/Count 3>>"),
		"lying count":      tree("<</Type/Pages/Kids[3 0 R]/Count 2000000000>>"),
		"negative count":   tree("<</Type/Pages/Kids[3 0 R]/Count -5>>"),
		"same page often":  tree("<</Type/Pages/Kids[" + strings.Repeat("3 0 R ", 1000) + "]/Count 1000>>"),
		"deep tree":        pdftest.Build(deep...),
		"no pages":         pdftest.Build("<</Type/Catalog>>"),
		"huge page":        onePage("/MediaBox[0 0 1000000 1000000]", prose()),
		"flat page":        onePage("/MediaBox[0 0 612 0]", prose()),
		"negative page":    onePage("/MediaBox[612 792 0 0]", prose()),
		"overflowing page": onePage("/MediaBox[0 0 1e38 1e38]", prose()),
		"user unit":        onePage(letter+"/UserUnit 75000", prose()),
		"odd rotation":     onePage(letter+"/Rotate 45", prose()),
		"page is its text": pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page"+letter+"/Contents 3 0 R>>"),
		"form in itself": pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page"+letter+"/Contents 5 0 R/Resources<</XObject<</F 4 0 R>>>>>>",
			pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>", []byte("/F Do")),
			pdftest.Stream("", []byte("/F Do"))),
		"bomb": pdftest.Build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page"+letter+"/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
			pdftest.Stream("", []byte("612 0 0 792 0 0 cm /I Do")),
			pdftest.Stream("/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceRGB", []byte("x"))),
	}
}

// exercise does with a document all that this package can do with it, within small limits.
func exercise(t *testing.T, data []byte) error {
	t.Helper()
	p, err := shared.Open(bytes.NewReader(data), int64(len(data)), "")
	if err != nil {
		return err
	}
	defer p.Close()
	var out bytes.Buffer
	w, err := shared.NewWriter(p, ocr.PDFOptions{}, &out)
	if err != nil {
		return err
	}
	defer w.Close()
	limits := ocr.Limits{Bytes: 1 << 20, Pages: 5, Pixels: 4_000_000}
	var errs []error
	for n := 1; n <= min(p.Pages(), limits.Pages); n++ {
		page, ok, err := p.Text(n, false)
		errs = append(errs, err)
		raster, err := p.Raster(n, limits)
		errs = append(errs, err)
		if int64(raster.Width)*int64(raster.Height) > limits.Pixels {
			t.Errorf("%d × %d pixels", raster.Width, raster.Height)
		}
		if raster.Gray != nil && len(raster.Gray) < raster.Stride*(raster.Height-1)+raster.Width {
			t.Error("fewer pixels than the size says")
		}
		for word := range page.Words {
			if b := word.Box; b.Empty() || b.X0 < 0 || b.Y0 < 0 || b.X1 > page.Width || b.Y1 > page.Height {
				t.Errorf("box %v in a page of %d × %d", b, page.Width, page.Height)
			}
		}
		if ok && page.Number != n {
			t.Errorf("page %d has number %d", n, page.Number)
		}
		if err == nil {
			page = recognised(raster.Width, raster.Height, raster.DPI, 0, english())
			page.Number = n
			errs = append(errs, w.Page(page, nil))
		}
	}
	errs = append(errs, w.Finish())
	return errors.Join(errs...)
}

func TestHostileDocumentsAreAnswered(t *testing.T) {
	for name, data := range hostile() {
		t.Run(name, func(t *testing.T) {
			err := exercise(t, data)
			if err != nil && fault.KindOf(err) != fault.Document {
				t.Errorf("not the document's fault: %v", err)
			}
			t.Log(err)
		})
	}
}

func TestDamagedDocumentsAreStillRead(t *testing.T) {
	for _, name := range []string{"good", "junk first", "no end", "garbled xref"} {
		data := hostile()[name]
		p, err := shared.Open(bytes.NewReader(data), int64(len(data)), "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		defer p.Close()
		if page, ok, err := p.Text(1, false); err != nil || !ok || len(page.Blocks) == 0 {
			t.Errorf("%s: Text: %v, %v", name, ok, err)
		}
	}
}

func TestObjectStreamsAreRead(t *testing.T) {
	data := qpdf(t, onePage(letter, "q 612 0 0 792 0 0 cm /I1 Do Q"), "--object-streams=generate")
	page := recognised(1700, 2200, 200, 0, english())
	if share := placed(page, 72.0/200, locate(t, overlaid(t, data, page))); share < 0.95 {
		t.Errorf("%.2f of the words are in place", share)
	}
}

func FuzzOpen(f *testing.F) {
	for _, data := range hostile() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := exercise(t, data); err != nil && fault.KindOf(err) != fault.Document {
			t.Errorf("not the document's fault: %v", err)
		}
	})
}

func TestWornInstancesAreReplaced(t *testing.T) {
	data := onePage(letter, prose())
	for name, wear := range map[string]func(*Document){
		"trapped": func(p *Document) { p.broken = true },
		"handles": func(p *Document) { p.handles = maxHandles + 1 },
		"bytes":   func(p *Document) { p.used = maxUsed + 1 },
	} {
		p := open(t, data)
		before := p.instance
		wear(p)
		if _, ok, err := p.Text(1, false); !ok || err != nil {
			t.Errorf("%s: Text: %v, %v", name, ok, err)
		}
		if p.instance == before {
			t.Errorf("%s: the instance is still in use", name)
		}
	}
}

func TestMemoryOfADocumentIsBounded(t *testing.T) {
	limited, err := NewRuntime(t.Context(), cacheDir, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := limited.Close(); err != nil {
			t.Error(err)
		}
	}()
	data := onePage("/MediaBox[0 0 3600 3600]", prose())
	p, err := limited.Open(bytes.NewReader(data), int64(len(data)), "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Raster(1, ocr.DefaultLimits()); !errors.Is(err, fault.PageDamaged) {
		t.Errorf("100 megapixels in 64 MiB: %v", err)
	}
	if _, _, err := p.Text(1, false); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
