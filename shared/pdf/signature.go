package pdf

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

// maxSignatures bounds how many are counted.
const maxSignatures = 1000

// findForm finds out whether a document that was just opened has a form: PDFium forgets it once pages were looked at.
func (p *Document) findForm() error {
	form, err := p.instance.FPDF_GetFormType(&requests.FPDF_GetFormType{Document: p.document})
	if err != nil {
		return p.fail(err)
	}
	p.form = form.FormType != enums.FPDF_FORMTYPE_NONE
	return nil
}

// Signatures returns how many digital signatures the document has, time stamps included. Each names the bytes that it holds for in
// the open, also in an encrypted document, and belongs to a form: the first call reads all of a document that has a form.
func (p *Document) Signatures() (int, error) {
	if p.counted || !p.form {
		return p.signatures, nil
	}
	if _, err := p.reader.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	count, err := countIn(io.LimitReader(p.reader, p.size), []byte("/ByteRange"), maxSignatures)
	if err != nil {
		return 0, err
	}
	p.counted, p.signatures = true, count
	return count, nil
}

// countIn counts the places where word stands, up to a limit.
func countIn(r io.Reader, word []byte, limit int) (count int, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	for count < limit {
		window, err := in.Peek(in.Size())
		count += bytes.Count(window, word)
		switch {
		case errors.Is(err, io.EOF):
			return min(count, limit), nil
		case err != nil:
			return 0, err
		}
		// A word across the edge is whole in the next window, and none is in both.
		if _, err := in.Discard(len(window) - len(word) + 1); err != nil {
			return 0, err
		}
	}
	return limit, nil
}
