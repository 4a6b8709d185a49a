package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

const (
	docsPath = "/v1/docs"
	htmlType = "text/html; charset=utf-8"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle string

// docsPage is what the page of documentation shows, all of it out of the description.
type docsPage struct {
	Style        template.CSS
	Title        string
	Version      string
	Introduction string
	Groups       []docsGroup
	Codes        []codeView
	Schemas      map[string]*huma.Schema
}

// docsGroup is the operations of one tag.
type docsGroup struct {
	*huma.Tag
	Operations []*huma.Operation
}

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

func (a *API) renderDocs() ([]byte, error) {
	doc := a.published()
	page := docsPage{
		Style: template.CSS(docsStyle), //nolint:gosec // a file of ours
		Title: doc.Info.Title, Version: doc.Info.Version, Introduction: doc.Info.Description, Codes: codes(), Schemas: doc.Components.Schemas.Map(),
	}
	for _, tag := range doc.Tags {
		group := docsGroup{Tag: tag}
		for _, op := range operations(doc) {
			if slices.Contains(op.Tags, tag.Name) {
				group.Operations = append(group.Operations, op)
			}
		}
		page.Groups = append(page.Groups, group)
	}
	t, err := template.New("docs").Funcs(template.FuncMap{"json": indented, "type": typeOf, "name": refName, "has": slices.Contains[[]string]}).Parse(docsTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, page)
	return b.Bytes(), err
}

func indented(v any) (string, error) {
	if text, ok := v.(string); ok {
		return text, nil
	}
	raw, err := json.MarshalIndent(v, "", "  ")
	return string(raw), err
}

// refName is the name of a type that is referred to, empty for any other.
func refName(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	if s.Items != nil {
		return refName(s.Items)
	}
	return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
}

// typeOf says in words what a schema allows.
func typeOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return "bytes"
	case s.Type == huma.TypeArray && refName(s) != "":
		return "list of"
	case s.Type == huma.TypeArray:
		return "list of " + s.Items.Type
	case s.Format != "" && s.Type == huma.TypeString:
		return s.Format
	default:
		return s.Type
	}
}
