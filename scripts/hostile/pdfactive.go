package hostile

import (
	"crypto/md5" //nolint:gosec // the key derivation of PDF 1.4
	"crypto/rc4" //nolint:gosec // the cipher of PDF 1.4
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// pdfActive are documents that want something to be done: run, sent, opened, filled in. All of it is ignored.
func pdfActive() []Document {
	f := family{name: "PDF"}
	for _, c := range [][2]string{
		{"JavaScript", "/S/JavaScript/JS(while\\(true\\){app.alert\\(1\\)})"},
		{"launch of a program", "/S/Launch/F(/bin/sh)/Win<</F(cmd.exe)/P(/c calc)>>/Unix<</F(/bin/sh)>>"},
		{"address", "/S/URI/URI(http://169.254.169.254/latest/meta-data/)"},
		{"form that is sent", "/S/SubmitForm/F<</FS/URL/F(http://127.0.0.1/)>>/Flags 4"},
		{"data that is fetched", "/S/ImportData/F(file:///etc/passwd)"},
		{"jump to a file", "/S/GoToR/F(//127.0.0.1/share/a.pdf)/D[0/Fit]/NewWindow true"},
		{"jump into an embedded file", "/S/GoToE/F(a.pdf)/T<</R/C/N(a)>>"},
		{"print", "/S/Named/N/Print"},
		{"actions in a circle", "/S/Named/N/NextPage/Next 6 0 R"},
		{"unknown action", "/S/Explode"},
	} {
		f.add(fine(), "opens with "+c[0], sheet{catalog: "/OpenAction 6 0 R/AA<</WC 6 0 R/DP 6 0 R>>", page: "/AA<</O 6 0 R>>", more: []string{"<<" + c[1] + ">>"}}.bytes())
	}
	embedded := "<</Type/Filespec/F(../../etc/cron.d/a)/UF(a.exe)/EF<</F 7 0 R>>>>"
	program := stream("/Type/EmbeddedFile", append([]byte("MZ\x90\x00"), noise(4000)...))
	roots := []struct {
		name, catalog string
		more          []string
		ends          []fault.Code
	}{
		{"embedded program", "/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", []string{embedded, program}, fine()},
		{"embedded file that unfolds to 1 GiB", "/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", []string{embedded, stream("/Type/EmbeddedFile/Filter/FlateDecode", zeros(1024))}, fine()},
		{"portfolio", "/Collection<</View/T/Schema<<>>>>/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", []string{embedded, stream("/Type/EmbeddedFile", goodPDF())}, fine()},
		{"XFA form", "/AcroForm<</XFA 6 0 R/Fields[]>>/NeedsRendering true", []string{stream("", []byte("<xdp:xdp>"+laughs()+"</xdp:xdp>"))}, fine()},
		{"form whose fields are themselves", "/AcroForm<</Fields[6 0 R]/CO[6 0 R]/DR 6 0 R>>", []string{"<</FT/Tx/T(a)/Kids[6 0 R]/Parent 6 0 R/AA<</C<</S/JavaScript/JS(1)>>>>>>"}, fine()},
		{"form of 20,000 fields", "/AcroForm<</Fields[" + strings.Repeat("6 0 R ", 20_000) + "]>>", []string{"<</FT/Tx/T(a)/V(b)>>"}, fine()},
		{"damaged signature", "/AcroForm<</SigFlags 3/Fields[6 0 R]>>", []string{"<</FT/Sig/T(a)/V<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 -1 99999999 5]/Contents<3082ffff>>>>>"}, fine()},
		{"description that unfolds", "/Metadata 6 0 R", []string{stream("/Type/Metadata/Subtype/XML", []byte(laughs()))}, fine()},
		{"description of 4 MiB", "/Metadata 6 0 R", []string{stream("/Type/Metadata/Subtype/XML", []byte(strings.Repeat("<a>", 1<<20)))}, costly()},
		{"conformance that is claimed", "/OutputIntents[<</S/GTS_PDFA1/DestOutputProfile 6 0 R>>]", []string{stream("/N 4", noise(300))}, fine()},
		{"viewer that is told to do much", "/ViewerPreferences<</NumCopies 99999/PrintPageRange[5 1]>>/PageMode/FullScreen/Requirements[<</S/EnableJavaScripts>>]", nil, fine()},
		{"language of 100,000 letters", "/Lang(" + strings.Repeat("a", 100_000) + ")", nil, fine()},
	}
	for _, c := range roots {
		f.lazy(c.ends, c.name, sheet{catalog: c.catalog, more: c.more}.bytes)
	}
	for _, c := range []struct{ name, annotation string }{
		{"link", "/Subtype/Link/Rect[0 0 99 99]/A<</S/URI/URI(javascript:alert)>>"},
		{"attachment", "/Subtype/FileAttachment/Rect[0 0 99 99]/FS<</F(a)/EF<</F 4 0 R>>>>"},
		{"film", "/Subtype/RichMedia/Rect[0 0 99 99]/RichMediaContent 6 0 R"},
		{"sound", "/Subtype/Sound/Rect[0 0 99 99]/Sound 4 0 R"},
		{"model", "/Subtype/3D/Rect[0 0 99 99]/3DD 4 0 R"},
		{"screen", "/Subtype/Screen/Rect[0 0 99 99]/AA<</PO 6 0 R>>"},
		{"field", "/Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[0 0 99 99]/AP<</N 6 0 R>>/MK<</R 45>>"},
		{"note that is its own answer", "/Subtype/Text/Rect[0 0 99 99]/IRT 6 0 R/Popup 6 0 R/Parent 6 0 R"},
		{"stamp that looks like itself", "/Subtype/Stamp/Rect[0 0 99 99]/AP<</N<</A 6 0 R/B 6 0 R>>>>/AS/A"},
		{"unknown note", "/Subtype/Nothing/Rect[99 0 -99 1e99]/QuadPoints[1]"},
	} {
		f.add(lenient(), "annotation, "+c.name, sheet{page: "/Annots[6 0 R null 6 0 R 7]", more: []string{"<</Type/Annot" + c.annotation + ">>"}}.bytes())
	}
	f.lazy(costly(), "annotation, 20,000 times", sheet{page: "/Annots[" + strings.Repeat("6 0 R ", 20_000) + "]", more: []string{"<</Type/Annot/Subtype/Square/Rect[0 0 99 99]/C[1 0 0]>>"}}.bytes)
	f.add(lenient(), "annotations that are the page", sheet{page: "/Annots 3 0 R"}.bytes())
	return f.all
}

// padding stands for the missing end of a password (ISO 32000-1, 7.6.3.3).
const padding = "28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a"

func padded(password string) []byte {
	pad, _ := hex.DecodeString(padding) // a constant
	return append([]byte(password), pad...)[:32]
}

func rc4ed(key, data []byte) []byte {
	out := make([]byte, len(data))
	if c, err := rc4.NewCipher(key); err == nil { //nolint:gosec // the cipher of PDF 1.4
		c.XORKeyStream(out, data)
	}
	return out
}

const (
	fileID = "0123456789abcdef"
	extra  = "/ID[(" + fileID + ")(" + fileID + ")]"
)

// encrypted is a page under a user's and an owner's password with keys of 40 bits (ISO 32000-1, 7.6.3, revision 2). change
// edits the dictionary of the encryption.
func encrypted(user, owner string, permissions int32, change func(string) string) []byte {
	ownerKey := md5.Sum(padded(owner)) //nolint:gosec // the key derivation of PDF 1.4
	o := rc4ed(ownerKey[:5], padded(user))
	p := uint32(permissions)
	hash := md5.Sum(slices.Concat(padded(user), o, []byte{byte(p), byte(p >> 8), byte(p >> 16), byte(p >> 24)}, []byte(fileID))) //nolint:gosec // as above
	key := hash[:5]
	pad, _ := hex.DecodeString(padding) // a constant
	u := rc4ed(key, pad)
	objects := sheet{}.objects()
	object := md5.Sum(slices.Concat(key, []byte{4, 0, 0, 0, 0})) //nolint:gosec // as above
	objects[3] = stream("", rc4ed(object[:10], []byte(words)))
	dictionary := fmt.Sprintf("<</Filter/Standard/V 1/R 2/O<%x>/U<%x>/P %d>>", o, u, permissions)
	return pdfOf("/Encrypt 6 0 R"+extra, append(objects, change(dictionary))...)
}

func pdfEncrypted() []Document {
	f := family{name: "PDF"}
	same := func(s string) string { return s }
	replace := func(old, by string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, by, 1) }
	}
	const all, none = -4, -64
	need, wrong := []fault.Code{fault.DocumentPasswordNeed}, []fault.Code{fault.DocumentPasswordWrong}
	add := func(ends []fault.Code, name, password string, content []byte) {
		f.add(ends, "encryption, "+name, content)
		f.all[len(f.all)-1].Password = password
	}
	locked := encrypted("Kestrel", "Fjord", all, same)
	add(need, "password missing", "", locked)
	add(wrong, "password wrong", "Merlin", locked)
	add(fine(), "user's password", "Kestrel", locked)
	add(fine(), "owner's password", "Fjord", locked)
	add(wrong, "password of 127 letters", strings.Repeat("k", 127), locked)
	add(wrong, "password of NUL bytes", "\x00\x00\x00", locked)
	add(fine(), "password for nothing", "Kestrel", goodPDF())
	add(fine(), "no user's password", "", encrypted("", "Fjord", all, same))
	add([]fault.Code{fault.DocumentRestricted}, "extraction forbidden", "", encrypted("", "Fjord", none, same))
	add(fine(), "extraction forbidden, owner's password", "Fjord", encrypted("", "Fjord", none, same))
	bad := append(append(lenient(), need...), fault.DocumentRestricted)
	for _, c := range []struct {
		name   string
		change func(string) string
	}{
		{"unknown handler", replace("/Standard", "/Enigma")},
		{"revision 99", replace("/R 2", "/R 99")},
		{"revision -1", replace("/R 2", "/R -1")},
		{"version 0", replace("/V 1", "/V 0")},
		{"version 5 without keys", replace("/V 1/R 2", "/V 5/R 6")},
		{"key of -1 bits", replace("/V 1/R 2", "/V 2/R 3/Length -1")},
		{"key of 2^31 bits", replace("/V 1/R 2", "/V 2/R 3/Length 2147483648")},
		{"filters that are not there", replace("/V 1/R 2", "/V 4/R 4/StmF/A/StrF/B")},
		{"filters that are themselves", replace("/V 1/R 2", "/V 4/R 4/StmF/A/StrF/A/CF 6 0 R")},
		{"owner's key of no bytes", func(s string) string { return s[:strings.Index(s, "/O")] + "/O<>" + s[strings.Index(s, "/U"):] }},
		{"dictionary that is empty", func(string) string { return "<<>>" }},
		{"dictionary that is itself", func(string) string { return "6 0 R" }},
		{"dictionary that is a stream", func(s string) string { return stream(s, noise(99)) }},
	} {
		add(bad, c.name, "", encrypted("", "Fjord", all, c.change))
	}
	return f.all
}
