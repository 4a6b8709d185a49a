package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/contract"
)

func ids(found []Finding) []string {
	var all []string
	for _, f := range found {
		all = append(all, f.ID)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A server that speaks what it must not, or shows a certificate that is no good, is noticed.
func TestTransportNotices(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  *tls.Config
		trusted bool
		at      time.Duration // from now
		want    []string
	}{
		{"nothing wrong", &tls.Config{MinVersion: tls.VersionTLS12}, true, 0, nil},
		{"an old protocol", &tls.Config{MinVersion: tls.VersionTLS10}, true, 0, []string{"tls-old"}},                                                                    //nolint:gosec // the planted fault
		{"a weak cipher", &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA256}}, true, 0, []string{"tls-weak-cipher"}}, //nolint:gosec // the planted fault
		{"a certificate of nobody", &tls.Config{MinVersion: tls.VersionTLS12}, false, 0, []string{"certificate"}},
		{"a certificate that ended", &tls.Config{MinVersion: tls.VersionTLS12}, true, 200 * 365 * 24 * time.Hour, []string{"certificate"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.TLS = c.config
			s.Config.ErrorLog = nil
			s.StartTLS()
			defer s.Close()
			roots := x509.NewCertPool()
			if c.trusted {
				roots.AddCert(s.Certificate())
			}
			_, found, err := checkTLS(t.Context(), s.Listener.Addr().String(), roots, time.Now().Add(c.at))
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(found); !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", found, c.want)
			}
		})
	}
}

// guarded sets what every answer must have, and answers.
func guarded(w http.ResponseWriter, r *http.Request) {
	for name, value := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(http.StatusNotFound)
	_ = r
}

func TestHeadersNotice(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string // part of the finding; empty for none
	}{
		{"nothing wrong", guarded, ""},
		{"a name that is echoed", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			guarded(w, r)
		}, "Access-Control-Allow-Origin"},
		{"an address that is echoed", func(w http.ResponseWriter, r *http.Request) {
			guarded(w, r)
			fmt.Fprintf(w, "no %s", r.URL.Path) //nolint:gosec // the planted fault
		}, "repeats what was sent"},
		{"a cookie", func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"}) //nolint:gosec // the planted fault
			guarded(w, r)
		}, "Set-Cookie"},
		{"a policy that is missing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "Content-Security-Policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(c.answer)
			defer s.Close()
			l := &live{url: s.URL, client: s.Client()}
			_, found, err := l.headers(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, f := range found {
				said += f.Detail + "\n"
			}
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("found %q, want %q", said, c.want)
			}
		})
	}
}

func TestLogThatRepeatsWhatWasSentIsNoticed(t *testing.T) {
	log := `{"event":"request.done","route":"/v1/tasks/{id}"}` + "\n" + `{"event":"request.done","path":"/v1/tasks/` + contract.Marker + `"}` + "\n"
	_, found := searchLog(log, []string{"secret", contract.Marker})
	if len(found) != 1 || found[0].Detail != "line 2 holds needle 2" {
		t.Errorf("%+v", found)
	}
}

// planted is a service with one operation that does with its parameter what it must not.
const planted = `{"openapi":"3.1.0","info":{"title":"planted","version":"1"},"paths":{"/things":{"get":{"operationId":"listThings",
"parameters":[{"name":"order","in":"query","schema":{"type":"string"}}],"responses":{"200":{"description":"things"}}}}}}`

func TestWapitiFindsAPlantedInjection(t *testing.T) {
	wapiti, err := exec.LookPath("wapiti")
	if err != nil {
		t.Skip("wapiti is not installed; run scripts/setup.sh scan")
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order := r.URL.Query().Get("order")
		switch {
		case strings.Contains(order, "etc/passwd"):
			_, _ = w.Write([]byte("root:x:0:0:root:/root:/bin/bash\n"))
		case strings.ContainsAny(order, `'"`):
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version"))
		}
	}))
	defer s.Close()
	d, err := contract.Load(t.Context(), []byte(planted))
	if err != nil {
		t.Fatal(err)
	}
	b := newBridge(&live{url: s.URL, client: s.Client()}, d, false)
	found, err := attack(t.Context(), wapiti, b, "file,sql")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(ids(append(found, b.found...)), " ")
	for _, want := range []string{"wapiti:SQL Injection", "wapiti:Path Traversal", "fault"} {
		if !strings.Contains(got, want) {
			t.Errorf("%d requests did not find %q, only %q", b.sent, want, got)
		}
	}
}

func TestReportOfWapitiThatSaysNothingIsNoSuccess(t *testing.T) {
	for _, report := range []string{"", "{}", `{"vulnerabilities":null}`} {
		if _, err := readWapiti([]byte(report)); err == nil {
			t.Errorf("%q was taken for a report", report)
		}
	}
}
