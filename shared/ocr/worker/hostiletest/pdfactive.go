package hostiletest

import (
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
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
	program := pdftest.Stream("/Type/EmbeddedFile", append([]byte("MZ\x90\x00"), noise(4000)...))
	roots := []struct {
		name, catalog string
		more          []string
		ends          []fault.Code
	}{
		{"embedded program", "/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", []string{embedded, program}, fine()},
		{"embedded file that unfolds to 1 GiB", "/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", []string{embedded, pdftest.Stream("/Type/EmbeddedFile/Filter/FlateDecode", zeros(1024))}, fine()},
		{"portfolio", "/Collection<</View/T/Schema<<>>>>/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", []string{embedded, pdftest.Stream("/Type/EmbeddedFile", goodPDF())}, fine()},
		{"XFA form", "/AcroForm<</XFA 6 0 R/Fields[]>>/NeedsRendering true", []string{pdftest.Stream("", []byte("<xdp:xdp>"+laughs()+"</xdp:xdp>"))}, fine()},
		{"form whose fields are themselves", "/AcroForm<</Fields[6 0 R]/CO[6 0 R]/DR 6 0 R>>", []string{"<</FT/Tx/T(a)/Kids[6 0 R]/Parent 6 0 R/AA<</C<</S/JavaScript/JS(1)>>>>>>"}, fine()},
		{"form of 20,000 fields", "/AcroForm<</Fields[" + strings.Repeat("6 0 R ", 20_000) + "]>>", []string{"<</FT/Tx/T(a)/V(b)>>"}, fine()},
		{"damaged signature", "/AcroForm<</SigFlags 3/Fields[6 0 R]>>", []string{"<</FT/Sig/T(a)/V<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 -1 99999999 5]/Contents<3082ffff>>>>>"}, fine()},
		{"description that unfolds", "/Metadata 6 0 R", []string{pdftest.Stream("/Type/Metadata/Subtype/XML", []byte(laughs()))}, fine()},
		{"description of 4 MiB", "/Metadata 6 0 R", []string{pdftest.Stream("/Type/Metadata/Subtype/XML", []byte(strings.Repeat("<a>", 1<<20)))}, costly()},
		{"conformance that is claimed", "/OutputIntents[<</S/GTS_PDFA1/DestOutputProfile 6 0 R>>]", []string{pdftest.Stream("/N 4", noise(300))}, fine()},
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

func pdfEncrypted() []Document {
	f := family{name: "PDF"}
	encrypted := func(user, owner string, permissions int32, change func(string) string) []byte {
		return pdftest.Encrypted(user, owner, permissions, change, words, sheet{}.objects()...)
	}
	replace := func(old, by string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, by, 1) }
	}
	const all, none = -4, -64
	need, wrong := []fault.Code{fault.DocumentPasswordNeed}, []fault.Code{fault.DocumentPasswordWrong}
	add := func(ends []fault.Code, name, password string, content []byte) {
		f.add(ends, "encryption, "+name, content)
		f.all[len(f.all)-1].Password = password
	}
	locked := encrypted("Kestrel", "Fjord", all, nil)
	add(need, "password missing", "", locked)
	add(wrong, "password wrong", "Merlin", locked)
	add(fine(), "user's password", "Kestrel", locked)
	add(fine(), "owner's password", "Fjord", locked)
	add(wrong, "password of 127 letters", strings.Repeat("k", 127), locked)
	add(wrong, "password of NUL bytes", "\x00\x00\x00", locked)
	add(fine(), "password for nothing", "Kestrel", goodPDF())
	add(fine(), "no user's password", "", encrypted("", "Fjord", all, nil))
	add([]fault.Code{fault.DocumentRestricted}, "extraction forbidden", "", encrypted("", "Fjord", none, nil))
	add(fine(), "extraction forbidden, owner's password", "Fjord", encrypted("", "Fjord", none, nil))
	bad := append(append(lenient(), need...), fault.DocumentRestricted, fault.DocumentUnknownType)
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
		{"dictionary that is a stream", func(s string) string { return pdftest.Stream(s, noise(99)) }},
	} {
		add(bad, c.name, "", encrypted("", "Fjord", all, c.change))
	}
	return f.all
}
