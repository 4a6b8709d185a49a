package contentstream

import (
	"bytes"
	"testing"
)

func FuzzRewrite(f *testing.F) {
	for _, s := range []string{
		"q 3 Tr BT /F 9 Tf (old)Tj [(a)-20<6162>]TJ T* (x)' 1 2 (y)\" ET Q /Fm Do (new)Tj",
		"BI /W 4 /H 2 /BPC 8 /CS /G ID \x00 EI (b\nEI 3 Tr (a)Tj",
		"BI/F[/Fl]ID x\x9cc\x00\x00\x00\x01\x00\x01 EI 7 Tr BT(a)Tj ET f",
		"/Span<</ActualText(no)>>BDC 3 Tr(a)Tj EMC [[[<<(((",
		"BT /K 10 Tf <010102020303>Tj /U 1 Tf (x)Tj 3 Tr (y)Tj ET % (z)Tj",
	} {
		f.Add([]byte(s), uint16(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, split uint16) {
		form := &Form{ID: 1, Matrix: Matrix{A: 1, D: 1}, Data: []byte("BT (f)Tj 3 Tr (g)Tj ET"), Resources: resources{}}
		r := resources{map[string]*Form{"Fm": form, "Im": nil}}
		at := min(int(split), len(data))
		streams := [][]byte{data[:at], data[at:]}
		page, err := Read(streams, r)
		if err != nil {
			return
		}
		if c, kept := page.Rewrite(nil); len(kept) > 0 || len(c.Names) > 0 || c.Streams[0] != nil || c.Streams[1] != nil {
			t.Fatal("a page of which nothing was marked is changed")
		}
		if page, err = Read(streams, r); err != nil {
			t.Fatal(err)
		}
		visible := 0
		for _, s := range page.Shows {
			if s.Invisible() {
				s.Remove()
			} else {
				visible++
			}
		}
		all := len(page.Shows)
		stored := []Changed{}
		changed, kept := page.Rewrite(func(c Changed) int {
			stored = append(stored, c)
			return len(stored)
		})
		for i, s := range changed.Streams {
			if s != nil {
				streams[i] = s
			}
		}
		for name, id := range changed.Names {
			c := stored[id-1]
			r.forms[name] = &Form{ID: 1 + id, Matrix: c.Form.Matrix, Data: c.Streams[0], Resources: r}
		}
		again, err := Read(streams, r)
		if err != nil {
			t.Fatal(err)
		}
		left, seen := 0, 0
		for _, s := range again.Shows {
			if s.Invisible() {
				left++
			} else {
				seen++
			}
		}
		if left != len(kept) || seen != visible {
			t.Fatalf("%d of %d operators hid text and %d were kept; %d hide text afterwards, %d of %d show some\n%q",
				all-visible, all, len(kept), left, seen, visible, bytes.Join(streams, []byte("|")))
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("x\x9cc\x00\x00\x00\x01\x00\x01"), uint8(0), uint8(9))
	f.Add([]byte("<~87cURD]~>"), uint8(2), uint8(3))
	f.Add([]byte("\x03abcd\xfee\x80"), uint8(4), uint8(9))
	f.Add([]byte("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"), uint8(1), uint8(9))
	names := []string{"FlateDecode", "LZWDecode", "ASCII85Decode", "ASCIIHexDecode", "RunLengthDecode"}
	f.Fuzz(func(t *testing.T, data []byte, first, second uint8) {
		filters := []Filter{{Name: names[int(first)%len(names)]}}
		if int(second) < len(names) {
			filters = append(filters, Filter{Name: names[second], LateLZW: true})
		}
		const limit = 1 << 16
		if out, err := Decode(data, filters, limit); err == nil && len(out) > limit {
			t.Fatalf("%d bytes", len(out))
		}
	})
}
