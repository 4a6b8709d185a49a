package api

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"sync"
)

const (
	docsPath = "/v1/docs"
	htmlType = "text/html; charset=utf-8"
)

//go:embed docs.css
var docsStyle string

type docsOutput struct {
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy" doc:"Lets the page have its own style, and nothing else."`
	Body        []byte
}

// registerDocs serves the description for people: one page without scripts, and with nothing from elsewhere.
func (a *API) registerDocs() {
	page := sync.OnceValues(a.renderDocs)
	op := operation(tagService, "getDocs", http.MethodGet, docsPath, "Show this description to people", "One page without scripts.")
	handle(a, file(op, htmlType), open, func(context.Context, *struct{}) (*docsOutput, error) {
		body, err := page()
		return &docsOutput{ContentType: htmlType, Policy: docsPolicy(), Body: body}, err
	})
}

// docsPolicy names the style by its digest: no other style, no script and no address is allowed.
func docsPolicy() string {
	sum := sha256.Sum256([]byte(docsStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
