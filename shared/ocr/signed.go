package ocr

import "github.com/lethe-ocr/lethe/shared/ocr/refusal"

// Told returns what results say of the document, of what is known before its pages are read.
func (i Info) Told(opt PDFOptions, searchable bool) []Note {
	told := i.Notes
	if searchable && i.Signatures > 0 && opt.Signature == RewriteSigned {
		told = append(told[:len(told):len(told)], Note{Code: SignatureInvalidated, Count: i.Signatures})
	}
	return told
}

// Refused returns why no searchable PDF is written of the document, nil if one is or none is asked for.
func (i Info) Refused(opt PDFOptions, searchable bool) error {
	if searchable && i.Signatures > 0 && opt.Signature == RefuseSigned {
		return refusal.New(refusal.Signed).Fault()
	}
	return nil
}
