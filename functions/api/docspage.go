package api

import (
	"encoding/json"
	"fmt"
	"html"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// docsPage writes the page of documentation, all of it out of the description. The packages for templates would do it too, but a
// program that holds one of them holds every exported method of all that it links, since a template may call any: a quarter more.
type docsPage struct{ strings.Builder }

// add writes markup. Values stand in text or between quotation marks.
func (p *docsPage) add(markup string, values ...any) {
	for i, v := range values {
		values[i] = html.EscapeString(fmt.Sprint(v))
	}
	fmt.Fprintf(p, markup, values...) // all of them %s
}

func (a *API) renderDocs() ([]byte, error) {
	doc := a.published()
	byTag := map[string][]*huma.Operation{}
	for _, op := range operations(doc) {
		for _, tag := range op.Tags {
			byTag[tag] = append(byTag[tag], op)
		}
	}
	p := &docsPage{}
	p.add(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<style>`, doc.Info.Title)
	_, _ = p.WriteString(docsStyle) // a file of ours, to memory
	p.add(`</style>
</head>
<body>
<header>
<h1>%s %s</h1>
<p>For programs: <a href="/v1/openapi.json">the same as OpenAPI 3.1</a>.</p>
<nav aria-label="Contents">
<ul>
`, doc.Info.Title, doc.Info.Version)
	for _, tag := range doc.Tags {
		p.add("<li>%s: ", tag.Name)
		for i, op := range byTag[tag.Name] {
			if i > 0 {
				p.add(", ")
			}
			p.add(`<a href="#%s">%s</a>`, op.OperationID, op.OperationID)
		}
		p.add("</li>\n")
	}
	p.add(`<li><a href="#codes">Error codes</a>, <a href="#types">Types</a></li>
</ul>
</nav>
</header>
<main>
<section aria-label="Introduction"><pre>%s</pre></section>
`, doc.Info.Description)
	for _, tag := range doc.Tags {
		p.add("<section aria-labelledby=\"tag-%s\">\n<h2 id=\"tag-%s\">%s</h2>\n<p>%s</p>\n", tag.Name, tag.Name, tag.Name, tag.Description)
		for _, op := range byTag[tag.Name] {
			if err := p.operation(op); err != nil {
				return nil, err
			}
		}
		p.add("</section>\n")
	}
	p.codes()
	p.types(doc.Components.Schemas.Map())
	p.add("</main>\n</body>\n</html>\n")
	return []byte(p.String()), nil
}

func (p *docsPage) operation(op *huma.Operation) error {
	p.add("<article aria-labelledby=\"%s\">\n<h3 id=\"%s\">%s: %s</h3>\n", op.OperationID, op.OperationID, op.OperationID, op.Summary)
	p.add("<p><code>%s %s</code></p>\n<p>%s</p>\n<p>", op.Method, op.Path, op.Description)
	if len(op.Security) == 0 {
		p.add("Open to everybody.")
	} else {
		p.add("Opened by any of: ")
	}
	for _, way := range op.Security {
		for scheme, scopes := range sorted(way) {
			for _, scope := range scopes {
				p.add("<code>%s</code> (%s) ", scope, scheme)
			}
		}
	}
	p.add("</p>\n")
	if len(op.Parameters) > 0 {
		p.add("<table>\n<caption>Parameters</caption>\n<thead><tr><th scope=\"col\">name</th><th scope=\"col\">in</th>" +
			"<th scope=\"col\">type</th><th scope=\"col\">meaning</th></tr></thead>\n<tbody>\n")
		for _, parameter := range op.Parameters {
			p.add(`<tr><th scope="row"><code>%s</code></th><td>%s</td><td>`, parameter.Name, parameter.In)
			p.schema(parameter.Schema)
			p.add("</td><td>%s%s</td></tr>\n", need(parameter.Required), parameter.Description)
		}
		p.add("</tbody>\n</table>\n")
	}
	if op.RequestBody != nil {
		if err := p.content("Request ", op.RequestBody.Content); err != nil {
			return err
		}
	}
	refusals := ""
	for status, r := range sorted(op.Responses) {
		if r.Ref != "" {
			refusals += "<code>" + html.EscapeString(status) + "</code> "
			continue
		}
		p.add("<p>Answer %s: %s</p>\n", status, r.Description)
		if err := p.content("", r.Content); err != nil {
			return err
		}
	}
	_, _ = p.WriteString("<p>Refusals: " + refusals + "</p>\n</article>\n")
	return nil
}

// content writes what a body may be, with its examples.
func (p *docsPage) content(label string, kinds map[string]*huma.MediaType) error {
	for media, content := range sorted(kinds) {
		p.add("<p>%s<code>%s</code>: ", label, media)
		p.schema(content.Schema)
		p.add("</p>\n")
		for _, example := range sorted(content.Examples) {
			text, ok := example.Value.(string)
			if !ok {
				raw, err := json.MarshalIndent(example.Value, "", "  ")
				if err != nil {
					return err
				}
				text = string(raw)
			}
			p.add("<pre>%s</pre>\n", text)
		}
	}
	return nil
}

func (p *docsPage) codes() {
	p.add("<section aria-labelledby=\"codes\">\n<h2 id=\"codes\">Error codes</h2>\n<table>\n<thead><tr><th scope=\"col\">code</th>" +
		"<th scope=\"col\">retryable</th><th scope=\"col\">meaning</th></tr></thead>\n<tbody>\n")
	for _, c := range codes() {
		p.add("<tr><th scope=\"row\"><code>%s</code></th><td>%s</td><td>%s</td></tr>\n", c.Code, strconv.FormatBool(c.Retryable), c.Meaning)
	}
	p.add("</tbody>\n</table>\n</section>\n")
}

func (p *docsPage) types(schemas map[string]*huma.Schema) {
	p.add("<section aria-labelledby=\"types\">\n<h2 id=\"types\">Types</h2>\n")
	for name, s := range sorted(schemas) {
		p.add("<article aria-labelledby=\"type-%s\">\n<h3 id=\"type-%s\">%s</h3>\n<p>%s</p>\n", name, name, name, s.Description)
		if len(s.Enum) > 0 {
			p.add("<p>One of ")
			for _, value := range s.Enum {
				p.add("<code>%s</code> ", value)
			}
			p.add("</p>\n")
		}
		if len(s.Properties) > 0 {
			p.add("<table>\n<thead><tr><th scope=\"col\">property</th><th scope=\"col\">type</th><th scope=\"col\">meaning</th></tr></thead>\n<tbody>\n")
			for field, property := range sorted(s.Properties) {
				p.add(`<tr><th scope="row"><code>%s</code></th><td>`, field)
				p.schema(property)
				p.add("</td><td>%s%s</td></tr>\n", need(slices.Contains(s.Required, field)), property.Description)
			}
			p.add("</tbody>\n</table>\n")
		}
		p.add("</article>\n")
	}
	p.add("</section>\n")
}

// schema says in words what a schema allows, and leads to the type that it refers to.
func (p *docsPage) schema(s *huma.Schema) {
	p.add("%s", typeOf(s))
	if name := refName(s); name != "" {
		p.add(` <a href="#type-%s">%s</a>`, name, name)
	}
}

// need is what stands before the meaning of a parameter or property.
func need(required bool) string {
	if required {
		return "Required. "
	}
	return ""
}

// sorted goes through a map by its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
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
