package azure_test

import (
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
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
)

// identity is a credential whose token the emulator accepts: it checks claims, not signatures.
type identity struct{}

// GetToken implements azcore.TokenCredential.
func (i *identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
		"nbf": now.Add(-time.Minute).Unix(), "iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
		"oid": "00000000-0000-0000-0000-000000000001", "tid": "00000000-0000-0000-0000-000000000000",
	})
	if err != nil {
		return azcore.AccessToken{}, err
	}
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(claims) + "." + part([]byte("x"))
	return azcore.AccessToken{Token: token, ExpiresOn: now.Add(time.Hour)}, nil
}

// certificate makes one for the emulator.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "emulator"}, DNSNames: []string{"*.blob.localhost", "*.table.localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", keyDER), pool
}

// delegated opens a store by identity over HTTPS, and counts how often a delegation key was asked for.
func delegated(t *testing.T, now func() time.Time) (*azure.Store, *http.Client, *int) {
	t.Helper()
	cert, key, pool := certificate(t)
	emulator := azurite.Start(t, "--cert", cert, "--key", key, "--oauth", "basic")
	account := emulator.Account(t)
	asked := 0
	dialer := &net.Dialer{}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port)) // not every resolver knows *.localhost
		},
	}}
	counting := transport(func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("comp") == "userdelegationkey" {
			asked++
		}
		return client.Do(r)
	})
	url := func(service string, port int) string {
		return fmt.Sprintf("https://%s.%s.localhost:%s", account.Name, service, strconv.Itoa(port))
	}
	store, err := azure.Open(azure.Config{
		BlobURL: url("blob", emulator.BlobPort()), TableURL: url("table", emulator.TablePort()), QueueURL: url("queue", emulator.QueuePort()),
		Credential: &identity{}, Transport: counting, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	owner, err := service.NewClient(url("blob", emulator.BlobPort()), &identity{}, &service.ClientOptions{ClientOptions: policy.ClientOptions{Transport: counting}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range storage.Containers() {
		if _, err := owner.CreateContainer(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
	}
	return store, client, &asked
}

type transport func(*http.Request) (*http.Response, error)

// Do implements policy.Transporter.
func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

func send(t *testing.T, client *http.Client, link storage.Link, method, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, link.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestLinksByIdentityCreateOnceAndReadOnly(t *testing.T) {
	store, client, _ := delegated(t, time.Now)
	const name = "uploads/2026030112/app/task/1"
	up, err := store.Links.UploadLink(t.Context(), name, 0, time.Now().Add(15*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if address := store.Links.Address(); !strings.HasPrefix(up.URL, strings.TrimSuffix(address, "/")+"/uploads/") {
		t.Errorf("links begin with %s", address)
	}
	for _, part := range []string{"skoid=", "sp=c&", "spr=https&", "sr=b"} {
		if !strings.Contains(up.URL+"&", part) {
			t.Errorf("the upload link lacks %s", part)
		}
	}
	if status := send(t, client, up, http.MethodPut, "document"); status != http.StatusCreated {
		t.Fatalf("first PUT: %d", status)
	}
	if status := send(t, client, up, http.MethodPut, "other"); status != http.StatusForbidden {
		t.Errorf("second PUT: %d, want 403", status)
	}
	if status := send(t, client, up, http.MethodGet, ""); status != http.StatusForbidden {
		t.Errorf("reading through an upload link: %d, want 403", status)
	}
	other := up
	if other.URL = strings.Replace(up.URL, "1?", "2?", 1); other.URL == up.URL {
		t.Fatal("the link does not end with the name of its blob")
	}
	if status := send(t, client, other, http.MethodPut, "x"); status != http.StatusForbidden {
		t.Errorf("another blob through the same link: %d, want 403", status)
	}
	down, err := store.Links.DownloadLink(t.Context(), name, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if status := send(t, client, down, http.MethodGet, ""); status != http.StatusOK {
		t.Errorf("download: %d", status)
	}
	if status := send(t, client, down, http.MethodDelete, ""); status != http.StatusForbidden {
		t.Errorf("deleting through a download link: %d, want 403", status)
	}
}

func TestDelegationKeyIsKeptAndRenewedEarly(t *testing.T) {
	now := time.Now()
	store, _, asked := delegated(t, func() time.Time { return now })
	sign := func() {
		t.Helper()
		if _, err := store.Links.DownloadLink(t.Context(), "results/h/a/t/txt", now.Add(15*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		sign()
	}
	if *asked != 1 {
		t.Errorf("%d keys for five links, want 1", *asked)
	}
	now = now.Add(5 * time.Hour)
	sign()
	if *asked != 2 {
		t.Errorf("%d keys when the first had an hour left, want 2", *asked)
	}
}

func TestEndpointsInTheClearAndKeysBeyondLoopbackAreRefused(t *testing.T) {
	const secure = "https://account.blob.core.windows.net"
	for name, cfg := range map[string]azure.Config{
		"http endpoint":  {BlobURL: "http://account.blob.core.windows.net", TableURL: secure, QueueURL: secure},
		"http table":     {BlobURL: secure, TableURL: "http://10.0.0.1", QueueURL: secure},
		"no endpoint":    {},
		"key of a cloud": {ConnectionString: "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;EndpointSuffix=core.windows.net"},
		"key elsewhere":  {ConnectionString: "AccountName=a;AccountKey=a2V5;BlobEndpoint=http://10.0.0.1/a;QueueEndpoint=http://127.0.0.1/a;TableEndpoint=http://127.0.0.1/a"},
	} {
		cfg.Credential, cfg.Now = &identity{}, time.Now
		_, err := azure.Open(cfg)
		if err == nil {
			t.Errorf("%s was accepted", name)
		} else if strings.Contains(err.Error(), "a2V5") {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
}
