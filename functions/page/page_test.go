package page_test

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/page"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// firstLoad is the most that all files together may have, in bytes.
const firstLoad = 150_000

// served asks for an address as a browser does. What the page leaves to others is answered with 418.
func served(method, address string) *httptest.ResponseRecorder {
	return servedWith(page.Config{}, method, address)
}

func servedWith(cfg page.Config, method, address string) *httptest.ResponseRecorder {
	h := page.Over(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), cfg)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(method, address, nil))
	return rec
}

// assets are the files of the page as they lie in its folder.
func assets(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("assets/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	files := map[string]string{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(content)
	}
	return files
}

func addressOf(file string) string {
	if file == "index.html" {
		return "/"
	}
	return page.Folder + file
}

func TestEveryFileIsServedAsItIsWithHeadersThatKeepThePageToItself(t *testing.T) {
	types := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for name, content := range assets(t) {
		rec := served(http.MethodGet, addressOf(name))
		if rec.Code != http.StatusOK || rec.Body.String() != content {
			t.Errorf("%s: %d with %d bytes", name, rec.Code, rec.Body.Len())
		}
		if head := served(http.MethodHead, addressOf(name)); head.Code != http.StatusOK || head.Body.Len() != 0 {
			t.Errorf("%s: HEAD gives %d with %d bytes", name, head.Code, head.Body.Len())
		}
		for header, want := range map[string]string{
			"Content-Type":                 types[path.Ext(name)],
			"Cache-Control":                "no-store",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := rec.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
	}
}

func TestPolicyAllowsThePageAndThisServerAlone(t *testing.T) {
	allowed := map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' blob:", "connect-src": "'self'", "base-uri": "'none'",
		"form-action": "'none'", "frame-ancestors": "'none'", "require-trusted-types-for": "'script'", "trusted-types": "'none'",
	}
	given := map[string]string{}
	for directive := range strings.SplitSeq(served(http.MethodGet, "/").Header().Get("Content-Security-Policy"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), " ")
		given[name] = value
	}
	for name, want := range allowed {
		if given[name] != want {
			t.Errorf("%s is %q, want %q", name, given[name], want)
		}
	}
	if len(given) != len(allowed) {
		t.Errorf("the policy has other directives than are known: %v", given)
	}
}

func TestPolicyNamesIssuerAndStorageAloneBeside(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  page.Config
		want string
	}{
		"nobody":  {page.Config{}, "connect-src 'self';"},
		"issuer":  {page.Config{SignIn: &page.SignIn{Issuer: "https://login.example.org/tenant"}}, "connect-src 'self' https://login.example.org;"},
		"storage": {page.Config{Storage: "https://account.blob.core.windows.net/"}, "connect-src 'self' https://account.blob.core.windows.net;"},
		"both": {
			page.Config{SignIn: &page.SignIn{Issuer: "http://127.0.0.1:9000"}, Storage: "https://stamp.s3.eu-central-1.amazonaws.com"},
			"connect-src 'self' http://127.0.0.1:9000 https://stamp.s3.eu-central-1.amazonaws.com;",
		},
		"an address that would end the directive": {page.Config{Storage: "https://a;script-src"}, "connect-src 'self';"},
	} {
		for _, address := range []string{"/", "/page/signed-in.html", "/page/main.js"} {
			if got := servedWith(c.cfg, http.MethodGet, address).Header().Get("Content-Security-Policy"); !strings.Contains(got, c.want) {
				t.Errorf("%s: the policy of %s is %s", name, address, got)
			}
		}
	}
}

func TestPageIsToldWherePeopleSignIn(t *testing.T) {
	want := page.SignIn{Issuer: "https://login.example.org/a&b", Client: "lethe-page", Scope: `openid "quoted" <b>`, Resource: "urn:lethe"}
	body := servedWith(page.Config{SignIn: &want}, http.MethodGet, "/").Body.String()
	found := regexp.MustCompile(`<meta name="sign-in" content="([^"<>]*)">\n</head>`).FindStringSubmatch(body)
	if found == nil {
		t.Fatal(body)
	}
	var got page.SignIn
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &got); err != nil || got != want {
		t.Errorf("the page is told %+v, %v", got, err)
	}
}

func TestIssuersReturnPeopleToOneAddressWithWhateverAnswer(t *testing.T) {
	if rec := served(http.MethodGet, "/page/signed-in.html?code=1&state=2"); rec.Code != http.StatusOK || rec.Body.String() != assets(t)["signed-in.html"] {
		t.Errorf("%d with %s", rec.Code, rec.Body)
	}
	if rec := served(http.MethodPost, "/page/signed-in.html"); rec.Code != http.StatusTeapot {
		t.Errorf("sent as a form: %d", rec.Code)
	}
}

func TestWhatIsNoFileOfThePageIsLeftToOthers(t *testing.T) {
	for _, c := range []struct{ method, address string }{
		{http.MethodPost, "/"}, {http.MethodDelete, "/page/main.js"}, {http.MethodGet, "/?code=1"}, {http.MethodGet, "/page/main.js?code=1"}, {http.MethodGet, "/page/"}, {http.MethodGet, "/page"},
		{http.MethodGet, "/page/other.js"}, {http.MethodGet, "/page/../page.go"}, {http.MethodGet, "/index.html"}, {http.MethodGet, "/v1/tasks"}, {http.MethodGet, "//"},
	} {
		if rec := served(c.method, c.address); rec.Code != http.StatusTeapot {
			t.Errorf("%s %s: %d", c.method, c.address, rec.Code)
		}
	}
}

func TestFirstLoadIsSmall(t *testing.T) {
	sum := 0
	for name := range assets(t) {
		sum += served(http.MethodGet, addressOf(name)).Body.Len()
	}
	if sum > firstLoad {
		t.Errorf("the files have %d bytes, at most %d are allowed", sum, firstLoad)
	}
}

// What the page loads it names in its markup and in the imports of its modules.
func TestPageLoadsItsOwnFilesAndEachOfThem(t *testing.T) {
	files := assets(t)
	named := map[string]bool{"index.html": true, "signed-in.html": true}
	loads := regexp.MustCompile(`(?:src|rel="icon" href|rel="(?:stylesheet|modulepreload)" href)="([^"]*)"|from '([^']*)'|import '([^']*)'|import\('([^']*)'\)`)
	for name, content := range files {
		for _, m := range loads.FindAllStringSubmatch(content, -1) {
			target := strings.Join(m[1:], "")
			base := path.Base(target)
			if _, known := files[base]; !known || target != page.Folder+base && target != "./"+base {
				t.Errorf("%s loads %s", name, target)
			}
			named[base] = true
		}
		if strings.HasSuffix(name, ".css") && (strings.Contains(content, "@import") || strings.Contains(content, "url(")) {
			t.Errorf("%s loads something", name)
		}
		for _, address := range regexp.MustCompile(`(?i)(?:https?|wss?):?//[^\s'"]+`).FindAllString(content, -1) {
			if address != "http://www.w3.org/2000/svg" { // names a vocabulary; nothing is loaded from it
				t.Errorf("%s names %s", name, address)
			}
		}
	}
	for name := range files {
		if !named[name] {
			t.Errorf("nothing loads %s", name)
		}
	}
}

// The page keeps nothing in the browser, and makes markup and script of no text.
func TestPageStoresNothingAndMakesNoMarkupOfText(t *testing.T) {
	forbidden := regexp.MustCompile(`localStorage|sessionStorage|indexedDB|serviceWorker|document\.cookie|\bcaches\b|BroadcastChannel|\.storage\b|history\.(?:push|replace)State|location\.hash|` +
		`innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|DOMParser|\beval\(|new Function|credentials: '(?:include|same-origin)'|withCredentials|console\.| style=`)
	// Two windows of the page speak to each other in memory, and one takes the issuer's answer out of its address.
	allowed := map[string][]string{"oidc.js": {"BroadcastChannel"}, "signed-in.js": {"BroadcastChannel", "history.replaceState", "location.hash"}}
	for name, content := range assets(t) {
		for _, found := range forbidden.FindAllString(content, -1) {
			if !slices.Contains(allowed[name], found) {
				t.Errorf("%s uses %s", name, found)
			}
		}
	}
}

// Whoever translates the page, translates one file. Markup has one sentence, for browsers that run no script.
func TestTextsForPeopleStandInOneFile(t *testing.T) {
	sentence := regexp.MustCompile("['\"`][A-Z][a-z]+ [a-z]|>[A-Z][a-z]+ [a-z]")
	for name, content := range assets(t) {
		if name == "texts.js" {
			continue
		}
		for line := range bytes.Lines([]byte(content)) {
			if sentence.Match(line) && !bytes.Contains(line, []byte("<noscript>")) {
				t.Errorf("%s: %s", name, bytes.TrimSpace(line))
			}
		}
	}
}

// A name that a module takes from the texts and that is none would be shown as undefined.
func TestTextsThatModulesNameAreThere(t *testing.T) {
	files := assets(t)
	texts := files["texts.js"]
	for name, content := range files {
		content = strings.ReplaceAll(content, "texts.js", "")
		section := ""
		if m := regexp.MustCompile(`const t = texts\.(\w+);`).FindStringSubmatch(content); m != nil {
			section = m[1]
		}
		for _, m := range regexp.MustCompile(`\btexts\.(\w+)(?:\.(\w+))?`).FindAllStringSubmatch(content, -1) {
			if !regexp.MustCompile(`(?m)^  ` + m[1] + `:`).MatchString(texts) {
				t.Errorf("%s: texts.%s is none", name, m[1])
			}
			if m[2] != "" && !within(texts, m[1], m[2]) {
				t.Errorf("%s: texts.%s.%s is none", name, m[1], m[2])
			}
		}
		if section == "" || name == "main.js" {
			continue
		}
		for _, m := range regexp.MustCompile(`\bt\.([a-zA-Z]+)\b`).FindAllStringSubmatch(content, -1) {
			if !within(texts, section, m[1]) && !strings.Contains(content, "(t) =>") {
				t.Errorf("%s: t.%s is none of texts.%s", name, m[1], section)
			}
		}
	}
}

// People read what a receipt and a failure mean, not their codes.
func TestCodesOfReceiptsAndPasswordsAreWords(t *testing.T) {
	texts := assets(t)["texts.js"]
	for _, i := range erasure.Inventory() {
		if slices.Contains([]erasure.Means{erasure.ByEraser, erasure.ByCheck, erasure.ByScrub, erasure.ByDomain, erasure.ByStaging}, i.Means) && !within(texts, "copies", string(i.Class)) {
			t.Errorf("a receipt may name %s, and the page has no words for it", i.Class)
		}
	}
	for _, reason := range refusal.Reasons() {
		said := (&refusal.Error{Reason: reason, Numbers: make([]int64, reason.Count())}).Fault()
		if regexp.MustCompile(`with the task|remove_password`).MatchString(said.Detail) && !within(texts, "failure", string(said.Code)) {
			t.Errorf("%s has a remedy for programs, and the page none for people", said.Code)
		}
	}
}

// within reports whether a section of the texts has a name.
func within(texts, section, name string) bool {
	_, rest, found := strings.Cut(texts, "\n  "+section+": {")
	body, _, _ := strings.Cut(rest, "\n  }")
	return found && regexp.MustCompile(`(?:^|[\s{,'])`+name+`'?:`).MatchString(body)
}
