package hostiletest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// pdfReferences are objects that are nested without end, refer to themselves, or lie about what they hold.
func pdfReferences() []Document {
	f := family{name: "PDF"}
	const deep = 100_000
	nest := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	for _, c := range []struct {
		name  string
		sheet sheet
		ends  []fault.Code
	}{
		{"arrays 100,000 deep", sheet{catalog: "/X " + nest("[", "]", deep)}, lenient()},
		{"dictionaries 100,000 deep", sheet{catalog: "/X " + nest("<</X ", ">>", deep)}, lenient()},
		{"arrays that are not closed", sheet{catalog: "/X " + strings.Repeat("[", deep)}, lenient()},
		{"brackets 100,000 deep in a text", sheet{catalog: "/X " + nest("(", ")", deep)}, lenient()},
		{"text without end", sheet{catalog: "/X (abc"}, lenient()},
		{"hexadecimal text of letters", sheet{catalog: "/X <zzzz"}, lenient()},
		{"name of 1 MiB", sheet{catalog: "/" + strings.Repeat("n", 1<<20) + " 1"}, lenient()},
		{"name with NUL bytes", sheet{catalog: "/a#00#00b 1"}, lenient()},
		{"number of 1,000 digits", sheet{catalog: "/X " + strings.Repeat("9", 1000)}, lenient()},
		{"number with ten points", sheet{catalog: "/X 1.2.3.4.5--6e77"}, lenient()},
		{"100,000 keys in a dictionary", sheet{catalog: keys(deep)}, costly()},
		{"reference to itself", sheet{catalog: "/X 6 0 R", more: []string{"6 0 R"}}, lenient()},
		{"reference in a circle", sheet{catalog: "/X 6 0 R", more: []string{"7 0 R", "6 0 R"}}, lenient()},
		{"reference to a missing object", sheet{catalog: "/X 4000000000 0 R"}, lenient()},
		{"reference to a negative object", sheet{catalog: "/X -1 -1 R"}, lenient()},
		{"100,000 objects", sheet{more: strings.Split(strings.Repeat("null\x00", deep), "\x00")}, costly()},
	} {
		f.lazy(c.ends, c.name, c.sheet.bytes)
	}
	good := string(goodPDF())
	length := func(v string) []byte {
		return []byte(strings.Replace(good, fmt.Sprintf("/Length %d", len(words)), "/Length "+v, 1))
	}
	for _, c := range [][2]string{
		{"0", "nothing"}, {"-5", "a negative number"}, {"3", "too little"}, {"99999999", "too much"}, {"4294967296", "2^32"},
		{"4 0 R", "the stream itself"}, {"(a)", "a text"}, {"null", "null"},
	} {
		f.add(lenient(), "stream whose length is "+c[1], length(c[0]))
	}
	f.add(lenient(), "stream without end", []byte(strings.ReplaceAll(good, "endstream", "")))
	f.add(lenient(), "stream in a file elsewhere", sheet{entries: "/F(file:///etc/passwd)/FFilter/FlateDecode"}.bytes())

	for _, c := range []struct {
		name          string
		entries, data string
		ends          []fault.Code
	}{
		{"object stream that extends itself", "/Type/ObjStm/N 1/First 4/Extends 6 0 R", "9 0 <</X 1>>", lenient()},
		{"object stream of 4 billion objects", "/Type/ObjStm/N 4294967295/First 4", "9 0 <</X 1>>", lenient()},
		{"object stream of negative objects", "/Type/ObjStm/N -1/First -4", "9 0 <</X 1>>", lenient()},
		{"object stream whose first is outside", "/Type/ObjStm/N 1/First 99999", "9 0 <</X 1>>", lenient()},
		{"object stream that holds itself", "/Type/ObjStm/N 1/First 4", "6 0 <</Type/ObjStm>>", lenient()},
		{"object stream that unfolds to 256 MiB", "/Type/ObjStm/N 1/First 4/Filter/FlateDecode", string(zeros(256)), costly()},
	} {
		f.lazy(c.ends, c.name, func() []byte { return compressed(c.entries, c.data, "[1 2 1]", "[0 10]", nil) })
	}
	for _, c := range []struct{ name, widths, index string }{
		{"table stream with fields of no width", "[0 0 0]", "[0 10]"},
		{"table stream with fields of 2^30 bytes", "[1073741824 1073741824 1073741824]", "[0 10]"},
		{"table stream with negative fields", "[-1 2 -1]", "[0 10]"},
		{"table stream of 4 billion entries", "[1 2 1]", "[0 4294967295]"},
		{"table stream with an odd index", "[1 2 1]", "[0]"},
	} {
		f.add(lenient(), c.name, compressed("/Type/ObjStm/N 1/First 4", "9 0 <</X 1>>", c.widths, c.index, nil))
	}
	f.add(lenient(), "table stream in which each object is in itself", compressed("/Type/ObjStm/N 1/First 4", "9 0 null", "[1 2 1]", "[0 10]",
		bytes.Repeat([]byte{2, 0, 7, 0}, 10)))
	return f.all
}

// compressed is a document whose object 9 is in the object stream 6, with a table as a stream (ISO 32000-1, 7.5.7 and
// 7.5.8). Without a table of its own it gets the right one.
func compressed(entries, data, widths, index string, table []byte) []byte {
	objects := append(sheet{catalog: "/X 9 0 R"}.objects(), pdftest.Stream(entries, []byte(data)))
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	right := []byte{0, 0, 0, 0}
	for i, o := range objects {
		right = append(right, 1, byte(b.Len()>>8), byte(b.Len()), 0)
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	right = append(right, 1, byte(at>>8), byte(at), 0, 0, 0, 0, 0, 2, 0, 6, 0)
	if table == nil {
		table = right
	}
	fmt.Fprintf(&b, "7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n",
		pdftest.Stream("/Type/XRef/Root 1 0 R/Size 10/W"+widths+"/Index"+index, table), at)
	return b.Bytes()
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "/K%d %d", i, i)
	}
	return b.String()
}

// pdfTrees are trees of pages, outlines, names and structure that have no end.
func pdfTrees() []Document {
	f := family{name: "PDF"}
	const page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>"
	many := []fault.Code{fault.DocumentTooManyPages}
	tree := func(ends []fault.Code, name string, objects ...string) {
		f.add(ends, name, pdftest.BuildTrailer("", append([]string{"<</Type/Catalog/Pages 2 0 R>>"}, objects...)...))
	}
	tree(lenient(), "page tree that is its own child", "<</Type/Pages/Kids[2 0 R]/Count 1>>")
	tree(lenient(), "page tree in a circle", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>")
	tree(lenient(), "page tree that is a page", page)
	tree(lenient(), "page tree that is the catalog", "1 0 R")
	tree(lenient(), "page tree without children", "<</Type/Pages/Kids[]/Count 0>>")
	tree(lenient(), "page tree whose children are null", "<</Type/Pages/Kids[null null 7 (a)]/Count 4>>")
	tree(lenient(), "page tree whose children are no list", "<</Type/Pages/Kids 3 0 R/Count 1>>", page)
	tree(lenient(), "page tree whose children are missing", "<</Type/Pages/Kids[77 0 R 78 0 R]/Count 2>>")
	tree(lenient(), "page tree that claims -1 pages", "<</Type/Pages/Kids[3 0 R]/Count -1>>", page)
	tree(append(lenient(), many...), "page tree that claims 2^31-1 pages", "<</Type/Pages/Kids[3 0 R]/Count 2147483647>>", page)
	tree(append(lenient(), many...), "page tree that claims 1,000,000 pages", "<</Type/Pages/Kids[3 0 R]/Count 1000000>>", page)
	tree(lenient(), "page tree that claims pages as text", "<</Type/Pages/Kids[3 0 R]/Count(a)>>", page)
	tree(lenient(), "page that inherits from itself", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 3 0 R>>")
	tree(many, "10,000 pages that are one", "<</Type/Pages/Count 10000/Kids["+strings.Repeat("3 0 R ", 10_000)+"]>>", page)
	tree(many, "2,001 pages", "<</Type/Pages/Count 2001/Kids["+strings.Repeat("3 0 R ", 2_001)+"]>>", page)
	f.lazy(append(lenient(), many...), "10^10 pages in ten objects", func() []byte {
		objects := []string{"<</Type/Catalog/Pages 2 0 R>>"}
		for i := range 10 {
			objects = append(objects, "<</Type/Pages/Count 1/Kids["+strings.Repeat(fmt.Sprintf("%d 0 R ", i+3), 10)+"]>>")
		}
		return pdftest.BuildTrailer("", append(objects, page)...)
	})
	f.lazy(append(lenient(), many...), "page 20,000 levels deep", func() []byte {
		objects := []string{"<</Type/Catalog/Pages 2 0 R>>"}
		for i := range 20_000 {
			objects = append(objects, fmt.Sprintf("<</Type/Pages/Count 1/Parent %d 0 R/Kids[%d 0 R]>>", max(2, i+1), i+3))
		}
		return pdftest.BuildTrailer("", append(objects, "<</Type/Page/Parent 20001 0 R/MediaBox[0 0 100 100]>>")...)
	})
	f.lazy(many, "10,000 pages", func() []byte {
		objects := []string{"<</Type/Catalog/Pages 2 0 R>>", ""}
		var kids strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&kids, "%d 0 R ", i+3)
			objects = append(objects, page)
		}
		objects[1] = "<</Type/Pages/Count 10000/Kids[" + kids.String() + "]>>"
		return pdftest.BuildTrailer("", objects...)
	})
	for _, c := range []struct {
		name    string
		catalog string
		more    []string
	}{
		{"outline that is its own child", "/Outlines 6 0 R", []string{"<</First 6 0 R/Last 6 0 R/Next 6 0 R/Count 9999999>>"}},
		{"outline in a circle", "/Outlines 6 0 R", []string{"<</First 7 0 R>>", "<</Title(a)/Next 7 0 R/Parent 6 0 R/First 6 0 R>>"}},
		{"names that are their own child", "/Names<</Dests 6 0 R/EmbeddedFiles 6 0 R>>", []string{"<</Kids[6 0 R 6 0 R]/Limits[(z)(a)]>>"}},
		{"structure that is its own child", "/MarkInfo<</Marked true>>/StructTreeRoot 6 0 R", []string{"<</Type/StructTreeRoot/K 6 0 R/ParentTree 6 0 R/RoleMap<</A/B/B/A>>>>"}},
		{"layers in a circle", "/OCProperties<</OCGs[6 0 R]/D<</Order 7 0 R/ON[6 0 R]>>>>", []string{"<</Type/OCG/Name(a)>>", "[7 0 R]"}},
		{"threads in a circle", "/Threads 6 0 R", []string{"[7 0 R]", "<</F 7 0 R/N 7 0 R/V 7 0 R/T 7 0 R>>"}},
		{"page labels that are their own child", "/PageLabels 6 0 R", []string{"<</Kids[6 0 R]/Nums[0 6 0 R]>>"}},
	} {
		f.add(fine(), c.name, sheet{catalog: c.catalog, more: c.more}.bytes())
	}
	return f.all
}
