package ocr

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Told returns what results say of the document, of what is known before its pages are read.
func (i Info) Told(opt PDFOptions, kinds []PDFKind) []Note {
	told := i.Notes
	if searchable(kinds) && i.Signatures > 0 && opt.Signature == RewriteSigned {
		told = append(told[:len(told):len(told)], Note{Code: SignatureInvalidated, Count: i.Signatures})
	}
	return told
}

// searchable reports whether some of the kinds are copies of the document.
func searchable(kinds []PDFKind) bool {
	return slices.ContainsFunc(kinds, func(k PDFKind) bool { return k == Searchable || k == Archive || k == TextAndPictures })
}

// Refused returns why a PDF of one of the kinds is not written of the document, nil if all are.
func (i Info) Refused(opt PDFOptions, kinds []PDFKind) error {
	if i.Locked && !opt.RemovePassword && slices.Contains(kinds, Archive) {
		return refusal.New(refusal.PasswordStays).Fault()
	}
	if searchable(kinds) && i.Signatures > 0 && opt.Signature == RefuseSigned {
		return refusal.New(refusal.Signed).Fault()
	}
	return nil
}
