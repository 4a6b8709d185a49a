package apitest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
)

// Caller is how one credential calls a running program.
type Caller struct {
	T    *testing.T
	Base string // address, without a slash at its end
	App  string // empty for nobody
	Key  string
}

// Call returns the status and decodes a success into the value given, unless that is nil.
func (c Caller) Call(method, path, body string, into any) int {
	c.T.Helper()
	req, err := http.NewRequestWithContext(c.T.Context(), method, c.Base+path, strings.NewReader(body))
	if err != nil {
		c.T.Fatal(err)
	}
	if c.App != "" {
		req.SetBasicAuth(c.App, c.Key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	// A redirect to a result is an answer.
	noRedirect := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := noRedirect.Do(req)
	if err != nil {
		c.T.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		c.T.Fatal(err)
	}
	if err == nil && into != nil && res.StatusCode < 300 {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		c.T.Fatal(err)
	}
	return res.StatusCode
}

// Made makes an application with a scope.
func (c Caller) Made(scopes ...access.Scope) Caller {
	c.T.Helper()
	in, err := json.Marshal(map[string]any{"name": "matrix", "scopes": scopes})
	if err != nil {
		c.T.Fatal(err)
	}
	var app struct{ ID, Secret string }
	if status := c.Call(http.MethodPost, "/v1/applications", string(in), &app); status != http.StatusCreated {
		c.T.Fatalf("make application: %d", status)
	}
	return Caller{c.T, c.Base, app.ID, app.Secret}
}

// described is one operation as the program describes it.
type described struct {
	OperationID string                `json:"operationId"`
	Security    []map[string][]string `json:"security"`
}

func (d described) scopes() []string {
	var all []string
	for _, way := range d.Security {
		for _, scopes := range way {
			all = append(all, scopes...)
		}
	}
	return all
}

// CompareAccess calls every operation that the program describes as everybody, and compares who is let in with the description.
// The caller makes applications: it has every scope that concerns them. Secrets make auditors and reviewers where it runs.
func CompareAccess(t *testing.T, admin Caller) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	anybody := Caller{T: t, Base: admin.Base}
	if status := anybody.Call(http.MethodGet, "/v1/openapi.json", "", &doc); status != http.StatusOK {
		t.Fatalf("description: %d", status)
	}
	revoked, rotated := admin.Made(access.ApplicationScopes()...), admin.Made(access.ApplicationScopes()...)
	if status := admin.Call(http.MethodDelete, "/v1/applications/"+revoked.App, "", nil); status != http.StatusOK {
		t.Fatalf("revoke: %d", status)
	}
	if status := admin.Call(http.MethodPost, "/v1/applications/"+rotated.App+"/secrets", `{"grace_seconds":0}`, nil); status != http.StatusOK {
		t.Fatalf("rotate: %d", status)
	}
	callers := map[string]Caller{"nobody": anybody, "wrong secret": {t, admin.Base, admin.App, "guess"}, "revoked": revoked, "rotated out": rotated}
	for _, scope := range access.Scopes() {
		callers[string(scope)] = admin.Made(scope)
	}
	time.Sleep(6 * time.Second) // a running program notices what became of credentials within five seconds
	calls := 0
	for path, item := range doc.Paths {
		for method, raw := range item {
			var op described
			if err := json.Unmarshal(raw, &op); err != nil || op.OperationID == "" {
				continue // of the whole path
			}
			for name, c := range callers {
				calls++
				got := c.Call(strings.ToUpper(method), fill(path), body(method), nil)
				if got == http.StatusTooManyRequests {
					got = http.StatusUnauthorized // who guesses often is not even looked at
				}
				if want := refused(op, name); want != 0 && got != want || want == 0 && (got == 401 || got == 403 || got >= 500 && op.OperationID != "getReadiness") {
					t.Errorf("%s by %s: status %d, want %d (0 for any but 401, 403 and 500s)", op.OperationID, name, got, want)
				}
			}
		}
	}
	t.Logf("%d answers were compared", calls)
}

// refused is the status that a caller is refused with, 0 for one that is let in.
func refused(op described, name string) int {
	scopes := op.scopes()
	switch {
	case len(scopes) == 0:
		return 0
	case !slices.Contains(access.Scopes(), access.Scope(name)):
		return 401
	case !slices.Contains(scopes, name):
		return 403
	default:
		return 0
	}
}

// fill names things that there are not.
func fill(path string) string {
	return strings.NewReplacer("{id}", "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55", "{format}", "txt", "{level}", "0", "{index}", "000", "{number}", "1", "{file}", "checkpoint", "{app}", "nobody", "{webhook}", "0123456789abcdef").Replace(path)
}

func body(method string) string {
	if method == "post" {
		return "{}"
	}
	return ""
}
