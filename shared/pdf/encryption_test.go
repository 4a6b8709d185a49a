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

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// copiedWith is the copy of a PDF that is opened with a password, with words on its first page.
func copiedWith(t *testing.T, data []byte, password string, opt ocr.PDFOptions) []byte {
	t.Helper()
	source, err := shared.Open(bytes.NewReader(data), int64(len(data)), password)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	var out bytes.Buffer
	w, err := shared.NewWriter(source, opt, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Page(recognised(1700, 2200, 200, 0, english()), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withStrings is a page with strings of every form in its objects, a picture and a form field.
func withStrings() []byte {
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R/Lang(en\\055GB)/AcroForm<</Fields[6 0 R]/DA(/F1 9 Tf)>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R"+letter+"/Resources<</XObject<</I1 5 0 R>>>>/Contents 4 0 R/Annots[6 0 R 7 0 R]>>",
		pdftest.Stream("", []byte("q 400 0 0 400 100 200 cm /I1 Do Q")),
		pdftest.Stream("/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray", []byte{0, 90, 160, 220}),
		"<</Type/Annot/Subtype/Widget/FT/Tx/T(name \\(of a field\\))/V<FEFF00e90031>/Rect[50 50 200 80]/P 3 0 R>>",
		"<</Type/Annot/Subtype/Text/Contents(two\\nlines\\\\)/M()/Rect[300 50 320 70]/P 3 0 R>>",
	)
}

// opened has another program decrypt a PDF and print it with its streams as they are.
func opened(t *testing.T, data []byte, args ...string) string {
	t.Helper()
	return string(qpdf(t, data, append(args, "--decrypt", "--qdf", "--static-id", "--object-streams=disable")...))
}

func TestCopyOfWhatNeedsAPasswordNeedsItToo(t *testing.T) {
	long := strings.Repeat("k", 127)
	for name, c := range map[string]struct{ bits, user, owner, given string }{
		"RC4, 40 bits":              {"40", "user", "owner", "user"},
		"RC4, 128 bits":             {"128", "user", "owner", "user"},
		"AES, 256 bits":             {"256", "user", "owner", "user"},
		"the owner's password":      {"256", "user", "owner", "owner"},
		"a password of 127 bytes":   {"256", long, "owner", long},
		"letters beyond ASCII":      {"256", "Käsekrainer €", "owner", "Käsekrainer €"},
		"one password for them all": {"256", "same", "same", "same"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"--encrypt", c.user, c.owner, c.bits, "--"}
			if c.bits != "256" {
				args = append([]string{"--allow-weak-crypto"}, args...)
			}
			data := qpdf(t, withStrings(), args...)
			plain := copiedWith(t, data, c.given, ocr.PDFOptions{RemovePassword: true})
			check(t, plain)
			sealed := copiedWith(t, data, c.given, ocr.PDFOptions{})

			for password, want := range map[string]error{"": fault.DocumentPasswordNeed, "wrong": fault.DocumentPasswordWrong, c.given: nil} {
				p, err := shared.Open(bytes.NewReader(sealed), int64(len(sealed)), password)
				if !errors.Is(err, want) || want == nil && err != nil {
					t.Errorf("with %q the copy opens with %v, want %v", password, err, want)
				}
				if p != nil {
					p.Close()
				}
			}
			file := filepath.Join(t.TempDir(), "sealed.pdf")
			if err := os.WriteFile(file, sealed, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := exec.CommandContext(t.Context(), "qpdf", "--requires-password", file).Run(); err != nil {
				t.Errorf("another program needs no password: %v", err)
			}
			if report, err := exec.CommandContext(t.Context(), "qpdf", "--password="+c.given, "--check", file).CombinedOutput(); err != nil {
				t.Errorf("another program finds fault: %v\n%s", err, report)
			}
			// Every object is the same once it is decrypted, so the pixels are; and the text is what other readers find.
			removed := opened(t, sealed, "--password="+c.given)
			if diff := cmp.Diff(objectsOf(opened(t, plain)), objectsOf(removed)); diff != "" {
				t.Errorf("the copy once it is decrypted (-want +got):\n%.3000s", diff)
			}
			if !bytes.Equal(drawn(t, []byte(removed)), drawn(t, plain)) {
				t.Error("the copies look different")
			}
			for _, secret := range []string{"name (of a field)", "lines", "name \\(of"} {
				if bytes.Contains(sealed, []byte(secret)) {
					t.Errorf("%q is there to read", secret)
				}
			}
			if len(c.given) > 32 {
				return // which is more than the command line of the other reader takes
			}
			if got := independent(t, sealed, "-upw", c.given); !bytes.Equal(got, independent(t, plain)) || len(got) < 100 {
				t.Errorf("the text is %.200q", got)
			}
		})
	}
}

// objectsOf is a PDF without its header, and without what tells where things are.
func objectsOf(text string) string {
	_, text, _ = strings.Cut(text, "obj")
	text, _, _ = strings.Cut(text, "\nxref\n")
	return strings.ReplaceAll(text, "/BaseVersion /2.0", "/BaseVersion /1.7") // which follows from the header
}

func TestCopyOfWhatOpensWithoutAPasswordIsPlain(t *testing.T) {
	restricted := qpdf(t, withStrings(), "--encrypt", "", "owner", "256", "--")
	for name, c := range map[string]struct {
		data     []byte
		password string
	}{
		"restricted, no password":   {restricted, ""},
		"restricted, the owner's":   {restricted, "owner"},
		"a password for nothing":    {withStrings(), "user"},
		"neither a password at all": {withStrings(), ""},
	} {
		if open(t, copiedWith(t, c.data, c.password, ocr.PDFOptions{})).Encrypted() {
			t.Errorf("%s: the copy is encrypted", name)
		}
	}
}

// What a password allowed it allows of the copy; the owner's allowed everything. The owner's password of the copy nobody knows.
func TestPasswordAllowsOfTheCopyWhatItAllowed(t *testing.T) {
	data := qpdf(t, withStrings(), "--encrypt", "user", "owner", "256", "--print=none", "--modify=none", "--")
	for password, want := range map[string]string{"user": "print low resolution: not allowed", "owner": "print low resolution: allowed"} {
		file := filepath.Join(t.TempDir(), "copy.pdf")
		if err := os.WriteFile(file, copiedWith(t, data, password, ocr.PDFOptions{}), 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := exec.CommandContext(t.Context(), "qpdf", "--password="+password, "--show-encryption", file).CombinedOutput()
		if err != nil || !bytes.Contains(report, []byte(want)) || !bytes.Contains(report, []byte("R = 6")) || bytes.Contains(report, []byte("Supplied password is owner")) {
			t.Errorf("%s: %v\n%s", password, err, report)
		}
	}
}

func TestTwoCopiesShareNoEncryptedBytes(t *testing.T) {
	data := qpdf(t, withStrings(), "--encrypt", "user", "owner", "256", "--")
	one, two := copiedWith(t, data, "user", ocr.PDFOptions{}), copiedWith(t, data, "user", ocr.PDFOptions{})
	for _, key := range []string{"/U<", "/O<", "/UE<", "/DA<", "/V<"} {
		a, b := after(one, key), after(two, key)
		if a == "" || a == b {
			t.Errorf("%s is %q and %q", key, a, b)
		}
	}
}

func after(data []byte, key string) string {
	_, rest, _ := bytes.Cut(data, []byte(key))
	value, _, _ := bytes.Cut(rest, []byte(">"))
	return string(value)
}

func TestEncryptedStreamsHaveTheLengthThatIsTold(t *testing.T) {
	e, err := newEncryption("password", 0)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		var b bytes.Buffer
		w, err := e.stream(&b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			fmt.Fprintf(w, "%c", 'a'+i%26)
		}
		if err := w.Close(); err != nil || int64(b.Len()) != e.size(int64(n)) {
			t.Errorf("%d bytes take %d, told %d, %v", n, b.Len(), e.size(int64(n)), err)
		}
	}
}
