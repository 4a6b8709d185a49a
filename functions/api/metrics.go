package api

import (
	"context"
	"net/http"

	"github.com/lethe-ocr/lethe/shared/access"
)

// metricsType is the media type of Prometheus's text format.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// registerMetrics offers the numbers of this process, where the place is one process.
func (a *API) registerMetrics() {
	if a.Metrics == nil {
		return
	}
	op := operation(tagService, "getMetrics", http.MethodGet, "/metrics", "Show the numbers of this server to Prometheus",
		"Documents, pages, waiting and recognition times, deadlines, erasures, storage and workers, in Prometheus's text format. No number is an application's own.")
	handle(a, file(op, metricsType), access.Operator, func(ctx context.Context, _ *struct{}) (*fileOutput, error) {
		text, err := a.Metrics(ctx)
		return &fileOutput{ContentType: metricsType, Body: text}, err
	})
}
