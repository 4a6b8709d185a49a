package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"image/png"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/contract"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// live is the server that is looked at from outside: one that was started for it, or a running stamp.
type live struct {
	options options
	url     string
	client  *http.Client
	roots   *x509.CertPool // nil for those of the system
	full    contract.Credential
	others  []contract.Credential
	known   map[string][]string // what exists there, by place
	secrets []string            // that no log may hold

	cmd    *exec.Cmd // nil for a running stamp, as the two below
	folder string
	log    *lines
}

// lines collects what a process prints.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func newLive(o options) *live { return &live{options: o, url: strings.TrimSuffix(o.url, "/")} }

// String names the server in the report.
func (l *live) String() string {
	if l.options.url == "" {
		return "a server of its own"
	}
	return "the stamp at " + l.url
}

// ready starts the server at its first use.
func (l *live) ready(ctx context.Context) error {
	if l.client != nil {
		return nil
	}
	if l.options.url != "" {
		return l.sign()
	}
	if err := l.start(ctx); err != nil {
		return errors.Join(fmt.Errorf("start the server: %w", err), l.stop())
	}
	return nil
}

// sign takes the credentials for a running stamp.
func (l *live) sign() error {
	app, secret := os.Getenv("LETHE_APP"), os.Getenv("LETHE_SECRET")
	if app == "" || secret == "" {
		return errors.New("LETHE_APP and LETHE_SECRET are not set")
	}
	l.client = newClient(nil)
	l.full = contract.Credential{Authorization: basic(app, secret), Scopes: scopes()}
	l.others = []contract.Credential{{}}
	l.secrets = []string{secret}
	return nil
}

// scopes are all that an application can have.
func scopes() []string {
	return []string{"submit", "read", "delete", "admin", "operator", "auditor", "reviewer"}
}

func basic(app, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(app+":"+secret))
}

func newClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Timeout:       10 * time.Minute, // a server that hangs, and none that is slow
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 4},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// start runs the program with TLS of its own, as one that is reached over a network.
func (l *live) start(ctx context.Context) error {
	var err error
	if l.folder, err = os.MkdirTemp("", "lethe-scan-"); err != nil {
		return err
	}
	cert, key := filepath.Join(l.folder, "cert.pem"), filepath.Join(l.folder, "key.pem")
	if l.roots, err = certify(cert, key); err != nil {
		return err
	}
	l.client, l.log = newClient(l.roots), &lines{}
	data := filepath.Join(l.folder, "data")
	// The process outlives the check that starts it.
	l.cmd = exec.CommandContext(context.WithoutCancel(ctx), l.options.program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	l.cmd.Env = append(os.Environ(), "LETHE_RATE_PER_SECOND=100000", "LETHE_RATE_BURST=100000", "LETHE_PAGE=on")
	l.cmd.Stderr = l.log
	stdout, err := l.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := l.cmd.Start(); err != nil {
		l.cmd = nil
		return err
	}
	address := make(chan string, 1)
	go func() {
		defer close(address)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			_, _ = l.log.Write(append(s.Bytes(), '\n')) // a buffer takes everything
			var line struct{ Event, Msg, Address string }
			if json.Unmarshal(s.Bytes(), &line) == nil && line.Address != "" {
				address <- line.Address
			}
		}
	}()
	select {
	case at, ok := <-address:
		if !ok {
			return errors.New("it ended at once")
		}
		l.url = at
	case <-ctx.Done():
		return ctx.Err()
	}
	return l.prepare(ctx, data)
}

// certify makes a certificate for this machine, and a pool that trusts it.
func certify(certFile, keyFile string) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "scan"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	return roots, errors.Join(os.WriteFile(certFile, certificate, 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

// prepare makes applications and tasks that requests can be about.
func (l *live) prepare(ctx context.Context, data string) error {
	id, authorization, err := l.application(ctx, data, scopes()...)
	if err != nil {
		return err
	}
	l.full = contract.Credential{Authorization: authorization, Scopes: scopes()}
	_, lacking, err := l.application(ctx, data, "submit")
	if err != nil {
		return err
	}
	l.others = []contract.Credential{{}, {Authorization: lacking, Scopes: []string{"submit"}}}
	l.known = map[string][]string{
		"/v1/tasks/{id}/results/{format}": {"txt"}, "/v1/ledger/tile/{level}": {"0"}, "/v1/ledger/tile/{level}/{index}": {"000.p/1"},
		"createApplication.scopes": {"read"}, "openCase.application": {id},
	}
	var document bytes.Buffer
	picture, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Clean(), 1)
	if err != nil {
		return err
	}
	if err := png.Encode(&document, picture); err != nil {
		return err
	}
	for range 3 {
		task, err := l.submit(ctx, document.Bytes())
		if err != nil {
			return err
		}
		l.known["/v1/tasks/{id}"] = append(l.known["/v1/tasks/{id}"], task)
	}
	l.known["openCase.task"] = l.known["/v1/tasks/{id}"]
	return nil
}

func (l *live) application(ctx context.Context, data string, scopes ...string) (id, authorization string, err error) {
	out, err := output(ctx, "", l.options.program, "app", "create", "--data", data, "--scopes", strings.Join(scopes, ","), "--json")
	if err != nil {
		return "", "", err
	}
	var app struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(out), &app); err != nil {
		return "", "", errors.New("the program did not tell of the application it made")
	}
	l.secrets = append(l.secrets, app.Secret, strings.TrimPrefix(basic(app.ID, app.Secret), "Basic "))
	return app.ID, basic(app.ID, app.Secret), nil
}

// submit has a document read and returns its task.
func (l *live) submit(ctx context.Context, document []byte) (string, error) {
	call := func(method, path, prefer string, body []byte) (id, state string, err error) {
		req, err := http.NewRequestWithContext(ctx, method, l.url+path, bytes.NewReader(body))
		if err != nil {
			return "", "", err
		}
		req.Header = http.Header{"Authorization": {l.full.Authorization}, "Prefer": {prefer}, "Content-Type": {"image/png"}}
		a, err := contract.Send(l.client.Do, req)
		if err != nil {
			return "", "", err
		}
		var task struct{ ID, State string }
		if err := json.Unmarshal(a.Body, &task); err != nil || task.ID == "" {
			return "", "", fmt.Errorf("a good document was answered %d", a.Status)
		}
		return task.ID, task.State, nil
	}
	id, state, err := call(http.MethodPost, "/v1/tasks", "", document)
	for err == nil && !slices.Contains([]string{"Completed", "ProcessingFailed", "Deleted"}, state) { // ctx ends
		_, state, err = call(http.MethodGet, "/v1/tasks/"+id, "wait=10", nil)
	}
	if err == nil && state != "Completed" {
		err = fmt.Errorf("a good document ended as %s", state)
	}
	return id, err
}

// stop ends the server and removes what it kept.
func (l *live) stop() error {
	var err error
	if l.cmd != nil {
		err = l.cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(5*time.Minute, func() { _ = l.cmd.Process.Kill() })
		err = errors.Join(err, l.cmd.Wait())
		kill.Stop()
		l.cmd = nil
	}
	if l.folder != "" {
		err = errors.Join(err, os.RemoveAll(l.folder))
		l.folder = ""
	}
	return err
}

// description reads the server's OpenAPI document.
func (l *live) description(ctx context.Context) (*contract.Description, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+"/v1/openapi.json", http.NoBody)
	if err != nil {
		return nil, err
	}
	a, err := contract.Send(l.client.Do, req)
	if err != nil {
		return nil, err
	}
	return contract.Load(ctx, a.Body)
}
