// Package page is the page for people: static files that a browser loads from this program alone. The page is a client of the
// native API like any other; nothing here decides what anybody may do.
package page

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// Folder is where the files of the page are below the server's address; the page itself is at /.
const Folder = "/page/"

// index is the file that is served at /.
const index = "index.html"

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

// policy lets the page run and show its own files, speak to this server alone, and show pictures that it made in memory. Strings
// become markup or script nowhere (trusted-types 'none').
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Over serves the page at / and its files below Folder, to GET and HEAD without a query, and leaves every other request to next.
func Over(next http.Handler) http.Handler {
	files := contents()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, below := strings.CutPrefix(r.URL.Path, Folder)
		if r.URL.Path == "/" {
			name, below = index, true
		}
		content, known := files[name]
		if !below || !known || r.URL.RawQuery != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		httpserver.Note(r.Context(), "", r.URL.Path)
		protect(w.Header())
		w.Header().Set("Content-Type", mediaTypes()[path.Ext(name)])
		if r.Method != http.MethodHead {
			_, _ = w.Write(content) // a browser that has gone does not read it
		}
	})
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
func protect(h http.Header) {
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
