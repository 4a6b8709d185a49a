package ocr

// NoteCode says what a result differs in from what its reader would expect. Codes are part of the API.
type NoteCode string

// The codes.
const (
	LayerUnchecked       NoteCode = "layer_unchecked"        // of a page
	PictureUnread        NoteCode = "picture_unread"         // of a page; counts pictures
	BarcodesUnread       NoteCode = "barcodes_unread"        // of a page; counts areas that may show some
	TablesUnread         NoteCode = "tables_unread"          // of a page
	HiddenTextKept       NoteCode = "hidden_text_kept"       // of a searchable PDF; counts words
	SignatureInvalidated NoteCode = "signature_invalidated"  // of a searchable PDF; counts signatures
	SignatureKept        NoteCode = "signature_kept"         // of a searchable PDF; counts signatures
	PageDrawn            NoteCode = "page_drawn"             // of a page of a PDF/A
	ActiveContentRemoved NoteCode = "active_content_removed" // of a searchable PDF
	FirstFrameOnly       NoteCode = "first_frame_only"       // of a document; counts the frames left out
)

// notes is what is known of each code.
var notes = []struct {
	code     NoteCode
	sentence string
}{
	{LayerUnchecked, "The page could not be drawn, so its text is what the file claims."},
	{PictureUnread, "A picture on the page cannot be decoded, so text in it is missing."},
	{BarcodesUnread, "The page shows more that may be bar codes than is looked at, so codes may be missing: send it in parts, or at a lower resolution."},
	{TablesUnread, "The page has more lines or words than tables are looked for among, so tables may be missing; their text is in the result as lines."},
	{HiddenTextKept, "The searchable PDF still holds text that does not show; it could not be taken out without changing the page."},
	{SignatureInvalidated, "The searchable PDF is a changed copy: digital signatures of the original do not hold for it."},
	{SignatureKept, "The searchable PDF holds the signed original unchanged, with hidden text and active content if there is any; the recognised text is appended as a later revision."},
	{PageDrawn, "The page breaks rules of PDF/A, such as a font that is not in the file: there it is a picture with its text."},
	{ActiveContentRemoved, "Scripts, actions or attached files of the original are left out of the searchable PDF."},
	{FirstFrameOnly, "The picture is animated; only its first frame was read."},
}

// NoteCodes lists the codes in a fixed order.
func NoteCodes() []NoteCode {
	codes := make([]NoteCode, len(notes))
	for i, n := range notes {
		codes[i] = n.code
	}
	return codes
}

// Note tells one such thing of a page, or of a document.
type Note struct {
	Code  NoteCode `json:"code" doc:"Names what there is to know."`
	Page  int      `json:"page,omitempty" doc:"That it is about, from 1; missing in the notes of a page."`
	Count int      `json:"count,omitempty" doc:"How many, where the code counts."`
}

// Sentence says it for people, without any content of the document; empty for a code that is not known.
func (n Note) Sentence() string { return n.Code.Sentence() }

// Sentence is that of a note of this code.
func (c NoteCode) Sentence() string {
	for _, known := range notes {
		if known.code == c {
			return known.sentence
		}
	}
	return ""
}

// SignaturePolicy says what becomes of the digital signatures of a document in its searchable PDF.
type SignaturePolicy string

// The policies.
const (
	RewriteSigned SignaturePolicy = ""       // a new copy, with a note: its signatures do not hold
	RefuseSigned  SignaturePolicy = "refuse" // no searchable PDF of a signed document
	KeepSigned    SignaturePolicy = "keep"   // the original's bytes with the text added as a later revision
)

// SignaturePolicies lists the names of the policies, the default first.
func SignaturePolicies() []string {
	return []string{RewriteSigned.Name(), RefuseSigned.Name(), KeepSigned.Name()}
}

// ParseSignaturePolicy returns the policy of that name; an empty one stands for rewrite.
func ParseSignaturePolicy(name string) (SignaturePolicy, bool) {
	switch p := SignaturePolicy(name); p {
	case RewriteSigned, RefuseSigned, KeepSigned:
		return p, true
	case rewrite:
		return RewriteSigned, true
	default:
		return RewriteSigned, false
	}
}

// rewrite is how clients call RewriteSigned.
const rewrite = "rewrite"

// Name is how clients call the policy.
func (p SignaturePolicy) Name() string {
	if p == RewriteSigned {
		return rewrite
	}
	return string(p)
}

// PDFOptions says how a PDF is written. What is said of text and active content is about kinds that keep them.
type PDFOptions struct {
	Kind       PDFKind         `json:"kind,omitempty"`
	KeepHidden bool            `json:"keepHidden,omitempty"` // text that does not show stays
	KeepActive bool            `json:"keepActive,omitempty"` // scripts, actions and attached files stay
	Signature  SignaturePolicy `json:"signature,omitempty"`

	RemovePassword bool `json:"removePassword,omitempty"` // the copy of a document that needs a password needs none

	Pages     PageRanges `json:"pages,omitempty"`     // that were asked for; the others are left out
	KeepPages bool       `json:"keepPages,omitempty"` // the others stay as they are
}

// Partial reports whether pages of the document are left out.
func (o PDFOptions) Partial() bool { return o.Pages != "" && !o.KeepPages }
