package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// allModules are wapiti's that fit a service of this kind. Left out are those that need a server on the internet (ssrf, xxe,
// takeover), download their lists (nikto, wapp), look for products that this is not (drupal_enum, wp_enum, htaccess) or judge
// web pages (csp, csrf, cookieflags, http_headers: the headers of every answer have a check of their own).
const allModules = "backup,blindsql,crlf,exec,file,methods,permanentxss,redirect,shellshock,sql,xss"

// attacks lets wapiti loose on the server, signed in and not.
func (l *live) attacks(ctx context.Context) (string, []Finding, error) {
	wapiti, err := exec.LookPath("wapiti")
	if err != nil {
		return "", nil, errors.New("wapiti is not installed; run scripts/setup.sh scan")
	}
	if err := l.ready(ctx); err != nil {
		return "", nil, err
	}
	d, err := l.description(ctx)
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	sent, reached := 0, 0
	for _, signed := range []bool{false, true} {
		b := newBridge(l, d, signed)
		some, err := attack(ctx, wapiti, b, allModules)
		if err != nil {
			return "", nil, err
		}
		found = append(append(found, some...), b.found...)
		sent, reached = sent+b.sent, reached+b.reached
		if b.reached < len(b.operations) {
			return "", nil, fmt.Errorf("wapiti reached the operations only %d times", b.reached)
		}
	}
	return fmt.Sprintf("%d requests, %d of them to an operation, signed in and not", sent, reached), found, nil
}

// attack runs wapiti once against a bridge.
func attack(ctx context.Context, wapiti string, b *bridge, modules string) ([]Finding, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }() // ends with Close
	defer func() { _ = server.Close() }()
	folder, err := os.MkdirTemp("", "lethe-wapiti-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	base, report := "http://"+ln.Addr().String(), filepath.Join(folder, "report.json")
	if _, err := output(ctx, folder, wapiti, "-u", base+"/", "-s", base+formsPath, "--scope", "folder", "-m", modules, "-l", "2",
		"--max-scan-time", "30", "--max-attack-time", "40", "-t", "10", "--flush-session", "--no-bugreport", "-v", "0",
		"--store-session", folder, "--store-config", folder, "-f", "json", "-o", report); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(report)
	if err != nil {
		return nil, err
	}
	return readWapiti(raw)
}

// readWapiti reads a report of wapiti. Its name for a kind of weakness is the finding's.
func readWapiti(raw []byte) ([]Finding, error) {
	type entry struct{ Method, Path, Info, Parameter string }
	var report struct {
		Vulnerabilities map[string][]entry
		Anomalies       map[string][]entry
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		return nil, fmt.Errorf("read what wapiti found: %w", err)
	}
	if report.Vulnerabilities == nil {
		return nil, errors.New("the report of wapiti holds no list of vulnerabilities")
	}
	var found []Finding
	for _, kinds := range []map[string][]entry{report.Vulnerabilities, report.Anomalies} {
		for kind, entries := range kinds {
			for _, e := range entries {
				place := e.Path
				if u, err := url.Parse(e.Path); err == nil {
					place = strings.TrimPrefix(u.Path, formsPath)
				}
				found = append(found, Finding{ID: "wapiti:" + kind, Place: place, Detail: strings.TrimSpace(e.Method + " " + e.Parameter + ": " + e.Info)})
			}
		}
	}
	return found, nil
}
