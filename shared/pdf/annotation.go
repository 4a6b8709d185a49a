package pdf

import (
	"slices"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
	"github.com/klippa-app/go-pdfium/structs"

	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
)

// maxAnnotations is the number of annotations of a page above which they are only drawn: PDFium compares each with those
// before it when it makes them part of the page.
const maxAnnotations = 5_000

// print makes what annotations and form fields put on paper a part of the loaded page n, so that its text and its drawing hold
// them: PDFium leaves out what is hidden or not to be printed, and pop-up windows. The page of the file stays as it is; that
// of the open document changes. Where that is to be saved (pinned), where there are too many annotations, or PDFium fails,
// they stay apart from the page.
func (p *Document) print(v view, n int) (apart bool, err error) {
	count, err := p.instance.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: v.page})
	if err != nil {
		return false, p.fail(err)
	}
	if p.pinned || count.Count == 0 || count.Count > maxAnnotations {
		return count.Count > 0, nil
	}
	shows, made, err := p.drawnAnnotations(v, count.Count)
	if err != nil || !shows {
		return false, err
	}
	if made {
		if err := p.fillAppearances(v); err != nil {
			return false, err
		}
	}
	// PDFium knows only a page's own boxes here, would take one that inherits them for one of 8.5 by 11 inches, and cuts the
	// media box to the crop box.
	boxes, err := p.boxes(v, n)
	if err != nil {
		return false, err
	}
	if err := p.setBoxes(v, boxes); err != nil {
		return false, err
	}
	flat, err := p.instance.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: v.page, Usage: requests.FPDFPage_FlattenUsagePrint})
	if err != nil {
		return false, p.fail(err)
	}
	return flat.Result == responses.FPDFPage_FlattenResultFail, p.setBoxes(v, boxes)
}

// drawnAnnotations reports whether a page has annotations that may draw something, and among them some whose appearance
// PDFium may have to make: fields, and notes without an appearance.
func (p *Document) drawnAnnotations(v view, count int) (shows, made bool, err error) {
	for i := range count {
		annotation, err := p.instance.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: v.page, Index: i})
		if err != nil {
			if trapped(err) {
				return false, false, p.fail(err)
			}
			continue
		}
		p.handles++
		subtype, err := p.instance.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: annotation.Annotation})
		if err != nil {
			return false, false, p.fail(err)
		}
		undrawn := []enums.FPDF_ANNOTATION_SUBTYPE{enums.FPDF_ANNOT_SUBTYPE_LINK, enums.FPDF_ANNOT_SUBTYPE_POPUP}
		shows = shows || !slices.Contains(undrawn, subtype.Subtype)
		made = made || subtype.Subtype == enums.FPDF_ANNOT_SUBTYPE_WIDGET || subtype.Subtype == enums.FPDF_ANNOT_SUBTYPE_FREETEXT
		_, err = p.instance.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: annotation.Annotation})
		if err != nil {
			return false, false, p.fail(err)
		}
	}
	return shows, made, nil
}

// fillAppearances has PDFium's form module make the appearances that are missing, or that the form asks to be made anew from
// the values (NeedAppearances). Nothing is run: the build has no JavaScript and no XFA, and no callback does anything.
func (p *Document) fillAppearances(v view) error {
	form, err := p.instance.FPDFDOC_InitFormFillEnvironment(&requests.FPDFDOC_InitFormFillEnvironment{
		Document: p.document,
		FormFillInfo: structs.FPDF_FORMFILLINFO{
			FFI_Invalidate:         func(references.FPDF_PAGE, float64, float64, float64, float64) {},
			FFI_SetCursor:          func(enums.FXCT) {},
			FFI_SetTimer:           func(int, func(int)) int { return 0 },
			FFI_KillTimer:          func(int) {},
			FFI_GetLocalTime:       func() structs.FPDF_SYSTEMTIME { return structs.FPDF_SYSTEMTIME{} },
			FFI_GetPage:            func(references.FPDF_DOCUMENT, int) *references.FPDF_PAGE { return nil },
			FFI_GetRotation:        func(references.FPDF_PAGE) enums.FPDF_PAGE_ROTATION { return 0 },
			FFI_ExecuteNamedAction: func(string) {},
		},
	})
	if err != nil {
		return p.fail(err)
	}
	_, err = p.instance.FORM_OnAfterLoadPage(&requests.FORM_OnAfterLoadPage{Page: v.page, FormHandle: form.FormHandle})
	if err != nil {
		return p.fail(err)
	}
	_, err = p.instance.FORM_OnBeforeClosePage(&requests.FORM_OnBeforeClosePage{Page: v.page, FormHandle: form.FormHandle})
	if err != nil {
		return p.fail(err)
	}
	_, err = p.instance.FPDFDOC_ExitFormFillEnvironment(&requests.FPDFDOC_ExitFormFillEnvironment{FormHandle: form.FormHandle})
	if err != nil {
		return p.fail(err)
	}
	return nil
}

// setBoxes writes the geometry of a page into its own dictionary.
func (p *Document) setBoxes(v view, boxes derivative.Boxes) error {
	b := boxes.Media
	_, err := p.instance.FPDFPage_SetMediaBox(&requests.FPDFPage_SetMediaBox{
		Page: v.page, Left: float32(b[0]), Bottom: float32(b[1]), Right: float32(b[2]), Top: float32(b[3]),
	})
	if err == nil && boxes.Crop != nil {
		b = *boxes.Crop
		_, err = p.instance.FPDFPage_SetCropBox(&requests.FPDFPage_SetCropBox{
			Page: v.page, Left: float32(b[0]), Bottom: float32(b[1]), Right: float32(b[2]), Top: float32(b[3]),
		})
	}
	if err != nil {
		return p.fail(err)
	}
	return nil
}
