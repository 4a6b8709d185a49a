package main

import (
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/lethe-ocr/lethe/functions/api/contract"
)

// formsPath is where the bridge shows its forms.
const formsPath = "/forms/"

// bridge stands before the server and shows it as a scanner of web pages knows servers: a page with a form for each
// operation, whose fields are the operation's parameters and the fields of its body. What is sent to a form goes to the
// operation, and the operation's answer comes back as it is. Everything else is passed on unchanged.
type bridge struct {
	server        string
	send          func(*http.Request) (*http.Response, error)
	authorization string // empty to sign nobody in
	known         map[string][]string
	operations    map[string]contract.Operation

	mu      sync.Mutex
	sent    int       // guarded by mu
	reached int       // requests that an operation was asked with; guarded by mu
	found   []Finding // guarded by mu
}

func newBridge(l *live, d *contract.Description, signed bool) *bridge {
	b := &bridge{server: l.url, send: l.client.Do, known: l.known, operations: map[string]contract.Operation{}}
	if signed {
		b.authorization = l.full.Authorization
	}
	for _, o := range d.Operations() {
		b.operations[o.ID] = o
	}
	return b
}

var formsPage = template.Must(template.New("").Parse(`<!DOCTYPE html><html><head><title>forms</title></head><body>
{{range .}}<form method="{{.Method}}" action="` + formsPath + `{{.ID}}">
{{range .Fields}}<input type="text" name="{{.Name}}" value="{{.Value}}">
{{end}}<input type="submit"></form>
{{end}}</body></html>
`))

type form struct {
	ID, Method string
	Fields     []field
}

type field struct{ Name, Value string }

// forms lists a form for each operation that can be sent anything.
func (b *bridge) forms() []form {
	var all []form
	for _, id := range slices.Sorted(maps.Keys(b.operations)) {
		o := b.operations[id]
		f := form{ID: id, Method: http.MethodPost}
		if o.Method == http.MethodGet {
			f.Method = http.MethodGet
		}
		for _, p := range o.Parameters() {
			value := p.Sample
			if known := b.known[contract.Place(o, p)]; len(known) > 0 {
				value = known[0]
			}
			f.Fields = append(f.Fields, field{p.In + "." + p.Name, value})
		}
		if len(f.Fields) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// ServeHTTP implements http.Handler.
func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == formsPath {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = formsPage.Execute(w, b.forms()) // the scanner asks again
		return
	}
	var (
		req *http.Request
		err error
	)
	id, isForm := strings.CutPrefix(r.URL.Path, formsPath)
	o, known := b.operations[id]
	if isForm && known {
		req, err = b.fill(o, r)
	} else {
		req, err = http.NewRequestWithContext(r.Context(), r.Method, b.server+r.URL.RequestURI(), http.MaxBytesReader(w, r.Body, 1<<20)) //nolint:gosec // the scanner of this machine chooses the path, never the server
		if err == nil {
			req.Header = r.Header.Clone()
			req.Header.Del("Accept-Encoding")
		}
	}
	if err != nil {
		http.Error(w, "no such request can be made", http.StatusBadRequest)
		return
	}
	if b.authorization != "" {
		req.Header.Set("Authorization", b.authorization)
	}
	a, err := contract.Send(b.send, req)
	if err != nil {
		http.Error(w, "the server did not answer", http.StatusBadGateway)
		b.note(o, isForm && known, a, err)
		return
	}
	b.note(o, isForm && known, a, nil)
	maps.Copy(w.Header(), a.Header)
	w.Header().Del("Content-Length")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // a scanner that has gone does not need it
}

// fill makes an operation's request out of a form.
func (b *bridge) fill(o contract.Operation, r *http.Request) (*http.Request, error) {
	r.Body = io.NopCloser(io.LimitReader(r.Body, 1<<20))
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	return o.Fill(flat(r.Form)).HTTP(r.Context(), b.server)
}

func flat(v url.Values) map[string]string {
	flat := map[string]string{}
	for name := range v {
		flat[name] = v.Get(name)
	}
	return flat
}

// note keeps what no attack may achieve: a fault of the server, a broken connection, or a success without credentials.
func (b *bridge) note(o contract.Operation, reached bool, a contract.Answer, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent++
	place := "an address of no operation"
	if reached {
		b.reached++
		place = o.ID
	}
	switch {
	case err != nil:
		b.found = append(b.found, Finding{ID: "no-answer", Place: place, Detail: "the connection broke off or took too long"})
	case a.Status >= 500 && a.Status != http.StatusServiceUnavailable:
		b.found = append(b.found, Finding{ID: "fault", Place: place, Detail: fmt.Sprintf("status %d", a.Status)})
	case reached && b.authorization == "" && len(o.Scopes) > 0 && a.Status < 400:
		b.found = append(b.found, Finding{ID: "open", Place: place, Detail: fmt.Sprintf("status %d without credentials", a.Status)})
	}
}
