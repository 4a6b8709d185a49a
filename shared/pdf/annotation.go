package pdf

import (
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// annotated reports whether annotations put text on the page, which is not in its text layer.
func (p *Document) annotated(v view, count int) (bool, error) {
	for i := range min(count, maxObjects) {
		annotation, err := p.instance.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: v.page, Index: i})
		if err != nil {
			if trapped(err) {
				return false, p.fail(err)
			}
			continue
		}
		text, err := p.annotationText(annotation.Annotation)
		if err == nil {
			_, err = p.instance.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: annotation.Annotation})
		}
		if err != nil {
			return false, p.fail(err)
		}
		if text {
			return true, nil
		}
	}
	return false, nil
}

// annotationText reports whether an annotation's normal appearance shows text.
func (p *Document) annotationText(ref references.FPDF_ANNOTATION) (bool, error) {
	subtype, err := p.instance.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: ref})
	if err != nil {
		return false, err
	}
	switch subtype.Subtype {
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET, enums.FPDF_ANNOT_SUBTYPE_FREETEXT,
		enums.FPDF_ANNOT_SUBTYPE_STAMP, enums.FPDF_ANNOT_SUBTYPE_WATERMARK:
	default:
		return false, nil
	}
	appearance, err := p.instance.FPDFAnnot_GetAP(&requests.FPDFAnnot_GetAP{
		Annotation: ref, AppearanceMode: enums.FPDF_ANNOT_APPEARANCEMODE_NORMAL,
	})
	if err != nil {
		if trapped(err) {
			return false, err
		}
		return false, nil // it has none
	}
	shows := strings.Contains(appearance.Value, "Tj") || strings.Contains(appearance.Value, "TJ")
	// The tick of a checkbox is a letter of this font.
	return shows && !strings.Contains(appearance.Value, "/ZaDb"), nil
}
