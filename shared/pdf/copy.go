package pdf

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// FPDF_REMOVE_SECURITY of PDFium's fpdf_save.h. The value that go-pdfium names so is an older one.
const removeSecurity requests.SaveFlags = 1 << 2

// Finish completes the PDF.
func (w *Writer) Finish() error {
	if w.source == nil {
		return w.finishPictures()
	}
	defer w.Close()
	signatures, err := w.source.Signatures()
	if err != nil {
		return err
	}
	if signatures > 0 && w.options.Signature == ocr.RefuseSigned && !w.textless() {
		return refusal.New(refusal.Signed)
	}
	// What is read of a document changes how PDFium holds it, so a second one is saved.
	source, err := w.source.runtime.Open(w.source.reader, w.source.size, w.source.password)
	if err != nil {
		return err
	}
	defer source.Close()
	source.pinned = true
	if w.textless() {
		return w.writePictures(source)
	}
	if signatures == 0 {
		return w.rewrite(source)
	}
	if w.options.Signature == ocr.KeepSigned && !w.archives() && !w.options.Partial() {
		if kept, err := w.revise(source); kept || err != nil {
			w.notes = append(w.notes, ocr.Note{Code: ocr.SignatureKept, Count: signatures})
			return err
		}
	}
	w.notes = append(w.notes, ocr.Note{Code: ocr.SignatureInvalidated, Count: signatures})
	return w.rewrite(source)
}

// rewrite writes the original anew, with the text and without what must not be in it. Nothing of what is replaced or left out
// remains in the bytes: only objects that the document leads to are copied, and there is one cross-reference table. PDFium
// saves the document twice for it, first to learn what refers to what; that costs less than to keep it. Between the two, pages with
// text to be taken out are edited.
func (w *Writer) rewrite(source *Document) error {
	muted := w.muted()
	known, err := w.learn(source, muted)
	if err != nil {
		return err
	}
	drawn, err := w.drawnNames(source, known)
	if err != nil {
		return err
	}
	removed, err := w.removeHidden(source, known)
	if err != nil {
		return err
	}
	contents, err := w.place(known)
	if err != nil {
		return refusal.New(refusal.PDFUncopyable)
	}
	numbers := known.numbers(w.source.pages)
	if err := w.leaveOut(known, drawn); err != nil {
		return err
	}
	var pictures *archived
	if w.archives() {
		if pictures, err = w.archive(source, known, removed.streams, numbers); err != nil {
			return err
		}
	}
	known.reach()
	removed.remaining()
	if err := w.protect(source); err != nil {
		return err
	}
	if err := w.copy(source, known, muted); err != nil {
		return err
	}
	w.writeChanges(known, muted, removed.streams, contents)
	if w.archives() {
		if err := pictures.write(w); err != nil {
			return err
		}
		w.writeIntents()
	}
	w.notes = w.mentions.note(w.notes)
	var entries strings.Builder
	for _, e := range known.trailer {
		if !slices.Contains([]string{"/Size", "/Prev", "/Encrypt"}, e.key) && (!w.archives() || e.key == "/Root" || e.key == "/ID") {
			fmt.Fprintf(&entries, "%s %s", e.key, e.value)
		}
	}
	if _, ok := known.trailer.get("/ID"); !ok {
		entries.WriteString(w.identifier())
	}
	return w.out.finish(entries.String())
}

// identifier returns the entry of the trailer that encrypted documents and PDF/A must have.
func (w *Writer) identifier() string {
	if w.out.encryption == nil && !w.archives() {
		return ""
	}
	return fmt.Sprintf("/ID[<%[1]x><%[1]x>]", rand.Text()[:16])
}

// writeChanges writes what the original has not, or has otherwise.
func (w *Writer) writeChanges(known *saved, muted *mute, changed map[int]newStream, contents map[int][]byte) {
	muted.write(w.out)
	if w.silence > 0 {
		w.out.packed(w.silence, "/Type/Sound/R 8000", nil)
	}
	for _, n := range slices.Sorted(maps.Keys(changed)) {
		if s := changed[n]; known.reached[n] {
			s.entries = known.undangled(n, s.entries)
			w.out.ready(n, s)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(contents)) {
		w.out.packed(n, "", contents[n])
	}
	if len(contents) > 0 || len(w.whole) > 0 {
		w.font.write(w.out)
	}
	for _, n := range slices.Sorted(maps.Keys(known.replaced)) {
		if o := known.objects[n]; known.reached[n] {
			w.out.object(n, o.generation, w.mentions.clean(known.undangled(n, muted.clean(o.raw))))
		}
	}
}

// learn saves the document once to find out what is in it, and what of it to leave out.
func (w *Writer) learn(source *Document, muted *mute) (*saved, error) {
	var active disarm
	var known *saved
	err := source.save(func(r io.Reader) (err error) {
		known, err = readSaved(r, w.cleaner(&active, muted))
		return err
	})
	if err != nil {
		return nil, refusal.New(refusal.PDFUncopyable)
	}
	size, err := known.size()
	if err != nil {
		return nil, refusal.New(refusal.PDFUncopyable)
	}
	w.out.next = size
	muted.reserve(w.out)
	if active.silent {
		w.silence = w.out.reserve()
	}
	if w.options.KeepActive {
		return known, nil
	}
	if err := active.catalog(known); err != nil {
		return nil, refusal.New(refusal.PDFUncopyable)
	}
	if active.removed {
		w.notes = append(w.notes, ocr.Note{Code: ocr.ActiveContentRemoved})
	}
	return known, nil
}

// cleaner returns the function that takes out of objects what must not be in the copy.
func (w *Writer) cleaner(active *disarm, muted *mute) func(raw string) (string, bool) {
	conceals := w.conceals()
	return func(raw string) (string, bool) {
		if !w.options.KeepActive {
			var ok bool
			if raw, ok = active.clean(raw); !ok {
				return "", false
			}
		}
		if conceals {
			raw = withoutPrivate(raw)
		}
		if w.archives() {
			e := editor{dictionary: w.conforming}
			var ok bool
			if raw, ok = e.value(raw, 0); !ok {
				return "", false
			}
		}
		return muted.clean(raw), true
	}
}

// conceals reports whether the copy must not hold what pages do not show.
func (w *Writer) conceals() bool {
	return !w.options.KeepHidden && len(w.stale) > 0 && slices.Max(slices.Collect(maps.Values(w.hidden))) > 0
}

// place puts the text of its pages into the document. It returns the content by the numbers of the objects that will hold it.
func (w *Writer) place(known *saved) (map[int][]byte, error) {
	contents := map[int][]byte{}
	w.font.number = w.out.reserve()
	done := map[int]bool{} // a page may be in the tree twice
	for i, l := range known.pages(w.source.pages) {
		text := w.contents[i+1]
		if len(text) == 0 || done[l.number] {
			continue
		}
		done[l.number] = true
		content := w.out.reserve()
		page, ok := known.addText(l, content, w.font.number, fontResource)
		if !ok {
			continue
		}
		contents[content] = text
		if err := known.replace(l.number, page.String()); err != nil {
			return nil, err
		}
	}
	return contents, nil
}

// copy saves the document a second time and copies what is reached.
func (w *Writer) copy(source *Document, known *saved, muted *mute) error {
	clean := w.cleaner(&disarm{silence: w.silence}, muted)
	head := known.head
	if w.out.encryption != nil {
		head = encryptedHead
	}
	w.out.printf("%s", head)
	err := source.save(func(r io.Reader) error {
		_, _, err := scanSaved(r, func(p part) error {
			if !known.reached[p.number] || known.replaced[p.number] {
				return nil
			}
			p.raw, _ = clean(p.raw)
			p.raw = w.mentions.clean(known.undangled(p.number, p.raw))
			if p.stream != nil {
				if err := w.mentions.metadata(&p); err != nil {
					return err
				}
			}
			return w.out.copied(p)
		})
		return err
	})
	switch {
	case w.out.err != nil:
		return w.out.err // the receiver's failure, not the document's
	case err != nil:
		return refusal.New(refusal.PDFUncopyable)
	}
	return nil
}

// save has PDFium write the document as it understood it, without encryption, while read reads it to its end.
func (p *Document) save(read func(io.Reader) error) error {
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := read(r)
		_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // always nil; ends PDFium's writing if reading ended early
		ended <- err
	}()
	_, err := p.instance.FPDF_SaveAsCopy(&requests.FPDF_SaveAsCopy{Document: p.document, Flags: removeSecurity, FileWriter: w})
	_ = w.CloseWithError(err) // always nil; without an error it is the end of the file
	if readErr := <-ended; readErr != nil {
		return readErr
	}
	return err
}
