package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// The page holds all of the description, and nothing that a browser would run or fetch.
func TestPageOfDocumentationShowsTheWholeDescriptionAndLoadsNothing(t *testing.T) {
	w := newWorld()
	rec := w.call(t, client{}, "GET", "/v1/docs", "")
	page := rec.Body.String()
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("status %d with %q: %.200s", rec.Code, rec.Header().Get("Content-Type"), page)
	}
	for id := range w.api.Operations() {
		if !strings.Contains(page, `<h3 id="`+id+`">`) {
			t.Errorf("%s is not shown", id)
		}
	}
	for _, c := range fault.Codes() {
		if !strings.Contains(page, "<code>"+string(c)+"</code>") {
			t.Errorf("the code %s is not shown", c)
		}
	}
	for name := range at[map[string]any](t, description(t), "components", "schemas") {
		if !strings.Contains(page, `id="type-`+name+`"`) {
			t.Errorf("the type %s is not shown", name)
		}
	}
	for what, row := range map[string]string{
		"the parameter id": `<code>id</code></th><td>path</td><td>string</td><td>Required. `,
		"the property url": `<code>url</code></th><td>string</td><td>Required. `,
	} {
		if !strings.Contains(page, row) {
			t.Errorf("%s is not shown as required", what)
		}
	}
	for _, m := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if id, ok := strings.CutPrefix(m[1], "#"); m[1] != "/v1/openapi.json" && (!ok || !strings.Contains(page, `id="`+id+`"`)) {
			t.Errorf("%s leads out of the page, or nowhere", m[0])
		}
	}
	for _, tag := range []string{"<script", "<img", "<iframe", "<link", "<form", "<object", " style=", " onclick="} {
		if strings.Contains(page, tag) {
			t.Errorf("the page has %s", tag)
		}
	}
	for _, needed := range []string{`<html lang="en">`, "<title>", "<main>", "<nav aria-label=", `<th scope="col">`} {
		if !strings.Contains(page, needed) {
			t.Errorf("readers of screens miss %s", needed)
		}
	}
}

// The policy allows the one style of the page, by its digest.
func TestPageOfDocumentationHasAStrictPolicyThatLetsItsStyleThrough(t *testing.T) {
	rec := newWorld().call(t, client{}, "GET", "/v1/docs", "")
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(rec.Body.String())
	if style == nil {
		t.Fatal("the page has no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if got := rec.Header().Values("Content-Security-Policy"); len(got) != 1 || got[0] != want {
		t.Errorf("the policy is %q, want %q", got, want)
	}
}
