// Package page is the page for people: static files that a browser loads from this program alone. The page is a client of the
// native API like any other; nothing here decides what anybody may do.
package page

import (
	"bytes"
	"embed"
	"encoding/json"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// Folder is where the files of the page are below the server's address; the page itself is at /.
const Folder = "/page/"

// index is the file that is served at /. signedIn is the one that an issuer sends people back to, with its answer behind the name or,
// where it can, in the fragment, which no browser sends.
const (
	index    = "index.html"
	signedIn = "signed-in.html"
)

// Config is what differs between the pages of two places.
type Config struct {
	SignIn  *SignIn // how people sign in; nil where they have an application's id and secret alone
	Storage string  // address of the storage that links lead to, where it is another than this server's; empty for none
}

// SignIn names the issuer where people sign in, and what the page asks it for. Nothing of it is secret.
type SignIn struct {
	Issuer   string `json:"issuer"`
	Client   string `json:"client"`
	Scope    string `json:"scope"`
	Resource string `json:"resource,omitempty"` // RFC 8707; empty where the scope decides
}

//go:embed assets
var embedded embed.FS

// mediaTypes are the types of the files by extension. A file of any other is not served.
func mediaTypes() map[string]string {
	return map[string]string{
		".html": "text/html; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".svg":  "image/svg+xml",
	}
}

// policy lets the page run and show its own files, speak to this server, the issuer and the storage alone, and show pictures that it
// made in memory. Strings become markup or script nowhere (trusted-types 'none').
func (cfg Config) policy() string {
	speaks := "'self'"
	if cfg.SignIn != nil {
		speaks += origin(cfg.SignIn.Issuer)
	}
	speaks += origin(cfg.Storage)
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src " + speaks + "; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// originForm is what an origin may look like in a policy, where a semicolon or a space would begin something else.
var originForm = regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+$`)

// origin is the origin of an address behind a space, or empty if there is none.
func origin(address string) string {
	at, err := url.Parse(address)
	if err != nil || !originForm.MatchString(at.Scheme+"://"+at.Host) {
		return ""
	}
	return " " + at.Scheme + "://" + at.Host
}

// Over serves the page at / and its files below Folder, to GET and HEAD without a query, and leaves every other request to next.
func Over(next http.Handler, cfg Config) http.Handler {
	files, policy := contents(), cfg.policy()
	files[index] = cfg.tell(files[index])
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, below := strings.CutPrefix(r.URL.Path, Folder)
		if r.URL.Path == "/" {
			name, below = index, true
		}
		content, known := files[name]
		if !below || !known || r.URL.RawQuery != "" && name != signedIn || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		httpserver.Note(r.Context(), "", r.URL.Path)
		protect(w.Header(), policy)
		w.Header().Set("Content-Type", mediaTypes()[path.Ext(name)])
		if r.Method != http.MethodHead {
			_, _ = w.Write(content) // a browser that has gone does not read it
		}
	})
}

// tell puts into the page what it has to know of the place.
func (cfg Config) tell(page []byte) []byte {
	const before = "</head>"
	if cfg.SignIn == nil {
		return page
	}
	text, _ := json.Marshal(cfg.SignIn) // texts alone
	return bytes.Replace(page, []byte(before), []byte(`<meta name="sign-in" content="`+html.EscapeString(string(text))+"\">\n"+before), 1)
}

// contents are the files by name. Those of an unknown type are none of them.
func contents() map[string][]byte {
	files := map[string][]byte{}
	entries, _ := fs.ReadDir(embedded, "assets") // embedded: it is there
	for _, e := range entries {
		if _, known := mediaTypes()[path.Ext(e.Name())]; known {
			files[e.Name()], _ = fs.ReadFile(embedded, "assets/"+e.Name())
		}
	}
	return files
}

// protect sets what keeps the page to itself: no other site frames it, opens it with a hold on it or loads its files, and nothing of
// it is kept.
func protect(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Origin-Agent-Cluster", "?1")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
}
