//go:build linux

package worker

import (
	"context"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
)

// Derive writes a derivative of a document: a ZIP file that tells its format, pages, dimensions, resolution and depth, or the
// geometry of its pages, and shows synthetic ink instead of its content; package derivative says why nothing else is in it.
//
// A child that reads the document returns the numbers that a derivative is drawn from, page by page, each within the limits
// of a page and tried twice as in Recognise. They are checked, and then a child that has never seen a document writes the
// derivative: even one that the document has taken over has no way to put anything else into it. Nothing is written to w
// before every page has been examined, so the faults of a document leave w as it was. After another error w may hold a
// part, which is to be thrown away.
func (p *Pool) Derive(ctx context.Context, src ocr.Source, w io.Writer) error {
	info, err := p.Inspect(ctx, src)
	if err != nil {
		return err
	}
	plan := derivative.Plan{Type: info.Type}
	for n := range info.Pages {
		survey := step{request: request{Op: opSurvey, Page: n + 1}, cpu: p.cfg.Limits.Draw, draws: true, check: func(r response) error {
			return p.check.survey(r.Survey, info.Type)
		}}
		resp, err := p.call(ctx, src, p.opening(), survey)
		if err != nil {
			return err
		}
		plan.Pages = append(plan.Pages, *resp.Survey)
	}
	return p.draw(ctx, src.Owner, plan, w)
}

// draw has a child that has seen no document write the derivative. It is granted what one page may take, and the share of
// finishing a PDF for each further one.
func (p *Pool) draw(ctx context.Context, owner string, plan derivative.Plan, w io.Writer) error {
	ctx, cancel := p.join(ctx)
	defer cancel()
	s, err := p.acquire(ctx, ocr.Source{Owner: owner}, p.cfg.Limits.Slice)
	if err != nil {
		return err
	}
	defer p.put(s)
	if s.child.opened > 0 {
		s.child.kill(Recycled)
		if err := p.ready(ctx, s, "", nil); err != nil {
			return err
		}
	}
	_, err = p.export(ctx, s, request{Op: opDerive, Plan: &plan}, nil, nil, w, func(e *export) error {
		e.guard.grant(1 + float64(len(plan.Pages))*finishShare)
		return nil
	})
	return err
}
