package pdf

import (
	"encoding/hex"
	"slices"
	"strings"
)

// disarm takes out of a PDF what acts by itself or at a click, and the files that it carries: scripts, actions that leave the
// document or play something, forms of XML, media. What an annotation looks like stays, as do links to pages and to
// addresses of the web. It works on objects as PDFium writes them, so that no spelling hides a name.
type disarm struct {
	removed bool // something was
	silence int  // the number of a sound without samples; 0 while it is not known whether one is needed
	silent  bool // one is needed
}

// clean is the function of readSaved. Each object is judged by itself, wherever it is referred to.
func (d *disarm) clean(raw string) (string, bool) {
	if !mayAct(raw) {
		return raw, true
	}
	e := editor{dictionary: d.dictionary}
	return e.value(raw, 0)
}

// mayAct reports whether an object has one of the names that are looked for. Most have none.
func mayAct(raw string) bool {
	return slices.ContainsFunc([]string{
		"/S/", "/S ", "/AA", "/AF", "/EF", "/RF", "/XFA", "/EmbeddedFile", "/FileAttachment",
		"/Sound", "/Movie", "/Screen", "/3D", "/RichMedia",
	}, func(name string) bool { return strings.Contains(raw, name) })
}

// dictionary cleans one dictionary; false drops it.
func (d *disarm) dictionary(dict dictionary) (dictionary, bool) {
	kind, _ := dict.get("/Type")
	if acts(dict) || kind == "/EmbeddedFile" {
		d.removed = true
		return nil, false
	}
	subtype, _ := dict.get("/Subtype")
	if _, placed := dict.get("/Rect"); placed {
		switch subtype {
		case "/Sound", "/Movie", "/Screen", "/3D", "/RichMedia":
			d.removed = true
			if _, look := dict.get("/AP"); subtype == "/Sound" && !look {
				return d.muffled(dict), true
			}
			return still(dict)
		case "/FileAttachment":
			d.removed = true
			dict = dict.with("/FS", "<</F(removed)/Type/Filespec/UF(removed)>>")
		}
	}
	for _, key := range []string{"/AA", "/AF", "/EF", "/RF", "/XFA"} {
		if _, ok := dict.get(key); ok && !resourceNames(dict) {
			d.removed = true
			dict = dict.without(key)
		}
	}
	return dict, true
}

// resourceNames reports whether the keys of a dictionary are names that its writer chose, such as those of fonts. What has a
// key that says what it is, is something else.
func resourceNames(dict dictionary) bool {
	return !slices.ContainsFunc(dict, func(e entry) bool {
		switch e.key {
		case "/Parent", "/Pages", "/Kids", "/Fields", "/Rect":
			return true
		case "/Type", "/Subtype", "/FT", "/T", "/F", "/UF", "/DA", "/S":
			_, referred := parseReference(e.value)
			return !referred && !strings.HasPrefix(e.value, "<<")
		}
		return false
	})
}

// still turns an annotation that plays something into one that only shows: its appearance stays. Without an appearance it
// shows nothing in most readers, and is dropped.
func still(annotation dictionary) (dictionary, bool) {
	if look, ok := annotation.get("/AP"); !ok || look == "null" {
		return nil, false
	}
	var kept dictionary
	for _, e := range annotation {
		switch e.key {
		case "/A", "/AA", "/Sound", "/Movie", "/RichMediaContent", "/RichMediaSettings",
			"/3DD", "/3DV", "/3DA", "/3DI", "/3DB", "/3DU", "/ExData":
		default:
			kept = append(kept, e)
		}
	}
	return kept.with("/Subtype", "/Stamp"), true
}

// muffled takes the sound out of an annotation that readers draw an icon for: only with a sound they do.
func (d *disarm) muffled(annotation dictionary) dictionary {
	d.silent = true
	annotation = annotation.without("/A").without("/AA").without("/Sound")
	if d.silence > 0 {
		annotation = annotation.with("/Sound", reference(d.silence))
	}
	return annotation
}

// acts reports whether a dictionary is an action that must not be in a copy (ISO 32000-2, section 12.6.4). Those that stay lead
// to another page of the document or to an address, or show and hide what is on the page.
func acts(dict dictionary) bool {
	kind, ok := dict.get("/S")
	if !ok {
		return false
	}
	if t, ok := dict.get("/Type"); ok && strings.HasPrefix(t, "/") && t != "/Action" {
		return false
	}
	_, parent := dict.get("/P")
	_, kids := dict.get("/K")
	element := parent && kids // of a document's structure, where /S is a role
	switch kind {
	case "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/Rendition", "/GoToR", "/GoToE", "/GoTo3DView", "/RichMediaExecute":
		return true
	case "/Sound", "/Movie":
		return !element
	case "/URI":
		address, ok := dict.get("/URI")
		return ok && !harmless(address)
	case "/Named":
		name, ok := dict.get("/N")
		return ok && !slices.Contains([]string{"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"}, name)
	default:
		_, named := parseReference(kind) // PDFium would follow it
		return named && !element && slices.ContainsFunc(dict, operand)
	}
}

// operand reports whether an entry is one that an action acts on. Without any, a dictionary whose /S is an object of its own is
// one of resources, where S is the name of a shade, say.
func operand(e entry) bool {
	switch e.key {
	case "/JS", "/F", "/Win", "/Mac", "/Unix", "/URI", "/R", "/OP", "/N", "/D", "/CMD", "/TA":
		return true
	}
	return false
}

// harmless reports whether an address, as a string of PDF, opens a page or writes a letter and does nothing else.
func harmless(address string) bool {
	text, ok := decodeString(address)
	if !ok {
		return false
	}
	text = strings.ToLower(strings.TrimLeft(text, "\x00\t\n\f\r "))
	scheme, _, ok := strings.Cut(text, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return true // relative to the document
	}
	return slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme)
}

// decodeString returns the bytes of a literal or hexadecimal string.
func decodeString(raw string) (string, bool) {
	if text, ok := strings.CutPrefix(raw, "<"); ok {
		digits, ok := strings.CutSuffix(text, ">")
		if len(digits)%2 == 1 {
			digits += "0"
		}
		decoded, err := hex.DecodeString(digits)
		return string(decoded), ok && err == nil
	}
	if len(raw) < 2 || raw[0] != '(' {
		return "", false
	}
	var b strings.Builder
	text := raw[1 : len(raw)-1]
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch c := text[i]; c {
		case 'n', 'r', 't', 'b', 'f':
			b.WriteByte("\n\r\t\b\f"[strings.IndexByte("nrtbf", c)])
		case '\n': // continues on the next row
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
		default:
			octal, n := 0, 0
			for n < 3 && i+n < len(text) && text[i+n] >= '0' && text[i+n] <= '7' {
				octal = octal<<3 | int(text[i+n]-'0')
				n++
			}
			if n == 0 {
				b.WriteByte(c)
				continue
			}
			b.WriteByte(byte(octal)) // #nosec G115 -- the overflow is dropped, as readers do
			i += n - 1
		}
	}
	return b.String(), true
}

// catalog cleans what only the root of a document leads to: names of scripts and files, and what happens when it is opened.
func (d *disarm) catalog(s *saved) error {
	value, _ := s.trailer.get("/Root")
	root, ok := parseReference(value)
	if !ok {
		return nil
	}
	catalog, ok := parseDictionary(s.objects[root].raw)
	if !ok {
		return nil
	}
	before := len(catalog)
	for _, key := range []string{"/Collection", "/NeedsRendering", "/AA"} {
		catalog = catalog.without(key)
	}
	if opening, ok := catalog.get("/OpenAction"); ok && !d.opens(s, opening) {
		catalog = catalog.without("/OpenAction")
	}
	if base, ok := catalog.get("/URI"); ok {
		address, _ := dictionaryOf(s.resolve(base)).get("/Base")
		if !harmless(address) {
			catalog = catalog.without("/URI")
		}
	}
	changed := len(catalog) != before
	if names, ok := catalog.get("/Names"); ok {
		kept := dictionaryOf(s.resolve(names))
		all := len(kept)
		for _, key := range []string{"/JavaScript", "/EmbeddedFiles", "/Renditions", "/AlternatePresentations"} {
			kept = kept.without(key)
		}
		if len(kept) != all {
			changed = true
			catalog = catalog.with("/Names", kept.String())
		}
	}
	if !changed {
		return nil
	}
	d.removed = true
	return s.replace(root, catalog.String())
}

// opens reports whether what happens at opening only shows a page.
func (d *disarm) opens(s *saved, opening string) bool {
	opening = s.resolve(opening)
	if _, ok := parseArray(opening); ok {
		return true
	}
	kind, _ := dictionaryOf(opening).get("/S")
	return kind == "/GoTo"
}

// dictionaryOf returns the dictionary that raw is, empty if it is none.
func dictionaryOf(raw string) dictionary {
	d, _ := parseDictionary(raw)
	return d
}
