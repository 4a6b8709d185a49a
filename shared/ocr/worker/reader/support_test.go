//go:build linux

package reader_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/workertest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// The test binary plays the child when it is executed with its configuration in this variable.
const childVariable = "LETHE_TEST_CHILD"

// bareVariable has children run on a kernel without Landlock.
const bareVariable = "LETHE_TEST_WITHOUT_LANDLOCK"

// cache is the folder of the compilation cache. Filling it takes seconds, so that the tests share one.
var cache string

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		var cfg reader.Config
		if err := json.Unmarshal([]byte(text), &cfg); err != nil {
			panic(err)
		}
		if os.Getenv(bareVariable) != "" {
			if err := workertest.Lack(workertest.Landlock); err != nil {
				panic(err)
			}
		}
		if err := reader.Main(context.Background(), worker.Socket, cfg); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runWithCache(m))
}

func runWithCache(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pdfium")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := reader.Warm(context.Background(), dir); err != nil {
		panic(err)
	}
	cache = dir
	return m.Run()
}

// newPool returns a pool of real children; it skips the test where the models are missing.
func newPool(t *testing.T, change func(*worker.Config, *reader.Config)) *worker.Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := reader.Config{Cache: cache, Limits: ocr.DefaultLimits()}
	children := worker.Config{Path: self, Children: 1, Document: cfg.Limits, Limits: worker.Limits{Start: time.Minute}}
	if change != nil {
		change(&children, &cfg)
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	children.Env = append(children.Env, childVariable+"="+string(text))
	if bare := os.Getenv(bareVariable); bare != "" {
		children.Env = append(children.Env, bareVariable+"="+bare)
		children.Confined = true
	}
	p, err := worker.New(children)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if _, err := p.Sandbox(t.Context()); err != nil {
		if strings.Contains(err.Error(), "no language data found") {
			t.Skip("tesseract-ocr-eng is not installed")
		}
		t.Fatal(err)
	}
	if !slices.Contains(p.Languages(), "eng") {
		t.Skip("tesseract-ocr-eng is not installed")
	}
	return p
}

// source returns a document of the bytes.
func source(t *testing.T, id string, data []byte) ocr.Source {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "document")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	return ocr.Source{File: f, ID: id}
}

const prose = "Whoever reads this page can read the next one too."

func drawn(t *testing.T) *image.Gray {
	t.Helper()
	img, err := ocrtest.Draw(prose, ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lying returns a picture turned left, with the Exif tag that has it displayed upright (orientation 6).
func lying(t *testing.T, img *image.Gray) []byte {
	t.Helper()
	size := img.Bounds().Size()
	left := image.NewGray(image.Rect(0, 0, size.Y, size.X))
	for y := range size.Y {
		for x := range size.X {
			left.SetGray(y, size.X-1-x, img.GrayAt(x, y))
		}
	}
	plain := asJPEG(t, left)
	// APP1 with a big-endian TIFF of one entry: tag 0x0112, type SHORT, one value of 6 (Exif 2.3, section 4.6.4).
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	segment := append([]byte{0xFF, 0xE1, 0, byte(len(exif) + 2)}, exif...)
	return slices.Concat(plain[:2], segment, plain[2:])
}

// scanned returns a PDF of n pages that are the same JPEG.
func scanned(t *testing.T, n int) []byte {
	t.Helper()
	dict := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
		ocrtest.Width, ocrtest.Height)
	return pdftest.Pages(n, "/XObject<</Scan 5 0 R>>", "595 0 0 842 0 0 cm/Scan Do", pdftest.Stream(dict, asJPEG(t, drawn(t))))
}

// born returns a PDF of n pages with a text layer.
func born(n int) []byte {
	return pdftest.Pages(n, "/Font<</F 5 0 R>>", "BT/F 12 Tf 72 700 Td("+prose+")Tj ET",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
}

func text(p ocr.Page) string {
	var words []string
	for w := range p.Words {
		words = append(words, w.Text)
	}
	return strings.Join(words, " ")
}

func english() ocr.Options { return ocr.Options{Languages: []string{"eng"}, Profile: ocr.Accurate} }
