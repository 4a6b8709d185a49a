package egress_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/lethe-ocr/lethe/shared/webhook"
	"github.com/lethe-ocr/lethe/shared/webhook/egress"
)

// receiver is a server for TLS that the sender trusts, or does not.
func receiver(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, roots
}

func request(address string) webhook.Request {
	return webhook.Request{URL: address, ID: "msg_1", Timestamp: time.Unix(1_793_534_400, 0), Signature: "v1,sig", Body: []byte(`{"type":"task.completed"}`)}
}

func TestRequestIsThatOfTheStandard(t *testing.T) {
	var got *http.Request
	var body []byte
	s, roots := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, "hello")
	})
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // of nobody: it is not used
	a := egress.New(egress.Config{Local: true, Roots: roots}).Send(t.Context(), request(s.URL+"/hook"))
	if a.Outcome != webhook.Delivered || a.Status != 200 || string(a.Body) != "hello" {
		t.Fatalf("%+v", a)
	}
	want := map[string]string{
		"Webhook-Id": "msg_1", "Webhook-Timestamp": "1793534400", "Webhook-Signature": "v1,sig", "Content-Type": "application/json", "User-Agent": "Lethe",
	}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	if got.Method != http.MethodPost || got.URL.Path != "/hook" || string(body) != `{"type":"task.completed"}` || len(got.Header) != len(want)+2 { // length and end of the connection
		t.Errorf("%s %s with %v: %s", got.Method, got.URL, got.Header, body)
	}
}

// drained reads a request to its end, so that the server notices when the sender goes, which ends the context.
func drained(r *http.Request) context.Context {
	_, _ = io.Copy(io.Discard, r.Body)
	return r.Context()
}

// Nothing behind an address, a name or a receiver gets what was not meant for it, and no outcome names where it was.
func TestReceiversThatMisbehaveAreAnOutcome(t *testing.T) {
	var elsewhere atomic.Bool
	other, _ := receiver(t, func(http.ResponseWriter, *http.Request) { elsewhere.Store(true) })
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    webhook.Answer
	}{
		"fails":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, webhook.Answer{Outcome: webhook.Refused, Status: 500}},
		"is gone": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, webhook.Answer{Outcome: webhook.Refused, Status: 410}},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, webhook.Answer{Outcome: webhook.Redirected, Status: 307}},
		"stalls": {func(_ http.ResponseWriter, r *http.Request) {
			<-drained(r).Done()
			panic(http.ErrAbortHandler) // an answer might still reach a sender that is just going
		}, webhook.Answer{Outcome: webhook.TimedOut}},
		"has an endless header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}, webhook.Answer{Outcome: webhook.Unreached}},
		"breaks off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, webhook.Answer{Outcome: webhook.Unreached}},
		"changes protocol": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Upgrade", "x")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, webhook.Answer{Outcome: webhook.Refused, Status: 101}},
	} {
		t.Run(name, func(t *testing.T) {
			s, roots := receiver(t, c.handler)
			patience := 10 * time.Second
			if c.want.Outcome == webhook.TimedOut {
				patience = 200 * time.Millisecond
			}
			a := egress.New(egress.Config{Local: true, Roots: roots, Patience: patience}).Send(t.Context(), request(s.URL))
			if a.Outcome != c.want.Outcome || a.Status != c.want.Status || len(a.Body) > 0 {
				t.Errorf("%+v, want %+v", a, c.want)
			}
		})
	}
	if elsewhere.Load() {
		t.Error("a redirect was followed")
	}
}

// An answer that trickles without end holds nobody for longer than an attempt may take, nor does one of any size fill memory.
func TestAnswerIsBoundedInTimeAndSize(t *testing.T) {
	s, roots := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		for ctx := drained(r); ctx.Err() == nil; {
			if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
				return
			}
			w.(http.Flusher).Flush() //nolint:forcetypeassert // a server's writer flushes
		}
	})
	a := egress.New(egress.Config{Local: true, Roots: roots}).Send(t.Context(), request(s.URL))
	if a.Outcome != webhook.Delivered || len(a.Body) != 4<<10 {
		t.Errorf("%s with %d bytes", a.Outcome, len(a.Body))
	}
	trickle, roots := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush() //nolint:forcetypeassert // likewise
		<-drained(r).Done()
	})
	a = egress.New(egress.Config{Local: true, Roots: roots, Patience: 300 * time.Millisecond}).Send(t.Context(), request(trickle.URL))
	if a.Outcome != webhook.Delivered && a.Outcome != webhook.TimedOut {
		t.Errorf("%+v", a)
	}
}

func TestCertificateThatIsNotGoodIsRefused(t *testing.T) {
	s, _ := receiver(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	if a := egress.New(egress.Config{Local: true, Roots: x509.NewCertPool()}).Send(t.Context(), request(s.URL)); a.Outcome != webhook.Untrusted {
		t.Errorf("%+v", a)
	}
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was sent") }))
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // what is refused
	old.StartTLS()
	defer old.Close()
	roots := x509.NewCertPool()
	roots.AddCert(old.Certificate())
	if a := egress.New(egress.Config{Local: true, Roots: roots}).Send(t.Context(), request(old.URL)); a.Outcome != webhook.Unreached {
		t.Errorf("TLS 1.1: %+v", a)
	}
}

func TestAddressesThatAreNotOfTheInternetAreRefused(t *testing.T) {
	allowed, err := webhook.ParseAllowed("10.1.0.0/16,fd00::/8,169.254.0.0/16,127.0.0.0/8,0.0.0.0/0")
	if err != nil {
		t.Fatal(err)
	}
	away, near, office := egress.New(egress.Config{}), egress.New(egress.Config{Local: true}), egress.New(egress.Config{Allowed: allowed})
	for _, c := range []struct {
		addr                string
		away, near, offices bool
	}{
		{"93.184.216.34", true, true, true},
		{"2606:2800:220:1:248:1893:25c8:1946", true, true, true},
		{"127.0.0.1", false, true, false},
		{"127.255.255.254", false, true, false},
		{"::1", false, true, false},
		{"10.1.2.3", false, false, true},
		{"172.16.0.1", false, false, true}, // by 0.0.0.0/0
		{"192.168.1.1", false, false, true},
		{"100.64.0.1", false, false, true},
		{"fd00::1", false, false, true},
		{"fc00::1", false, false, false},
		{"169.254.169.254", false, false, false}, // metadata, whatever is allowed
		{"fd00:ec2::254", false, false, false},
		{"168.63.129.16", false, false, false},
		{"100.100.100.200", false, false, false},
		{"192.0.0.192", false, false, false},
		{"fe80::1", false, false, false},
		{"fec0::1", false, false, false},
		{"0.0.0.0", false, false, false},
		{"0.1.2.3", false, false, false},
		{"::", false, false, false},
		{"192.0.2.1", false, false, false},
		{"198.18.0.1", false, false, false},
		{"198.51.100.1", false, false, false},
		{"203.0.113.1", false, false, false},
		{"192.88.99.1", false, false, false},
		{"224.0.0.1", false, false, false},
		{"239.255.255.250", false, false, false},
		{"240.0.0.1", false, false, false},
		{"255.255.255.255", false, false, false},
		{"ff02::1", false, false, false},
		{"ff0e::1", false, false, false},
		{"::ffff:127.0.0.1", false, false, false}, // mapped
		{"::ffff:93.184.216.34", false, false, false},
		{"::127.0.0.1", false, false, false},      // compatible
		{"64:ff9b::7f00:1", false, false, false},  // NAT64
		{"64:ff9b:1::a00:1", false, false, false}, // NAT64 of a site
		{"2002:7f00:1::", false, false, false},    // 6to4
		{"2001::1", false, false, false},          // Teredo
		{"2001:db8::1", false, false, false},      // documentation
		{"3fff::1", false, false, false},          // likewise
		{"100::1", false, false, false},           // discard
		{"5f00::1", false, false, false},          // segment routing
		{"4000::1", false, false, false},          // given out to nobody
		{"2001:4860:4860::8888%eth0", false, false, false},
	} {
		addr := netip.MustParseAddr(c.addr)
		for name, s := range map[string]struct {
			*egress.Sender
			want bool
		}{"away": {away, c.away}, "near": {near, c.near}, "an office": {office, c.offices}} {
			if s.Permits(addr, false) != s.want {
				t.Errorf("%s of %s: %t", c.addr, name, !s.want)
			}
		}
		if plain := near.Permits(addr, true); plain != (addr.IsLoopback() && !addr.Is4In6()) {
			t.Errorf("%s in the clear: %t", c.addr, plain)
		}
	}
}

// names is a name server on this machine that gives the next answer to each question.
func names(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for turn := 0; ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) != 1 {
				continue
			}
			reply := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true}, Questions: q.Questions}
			if q.Questions[0].Type == dnsmessage.TypeA {
				reply.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: netip.MustParseAddr(answers[min(turn, len(answers)-1)]).As4()},
				}}
				turn++
			}
			if packed, err := reply.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// A name leads to one address when somebody looks, and to another when it is connected to: the connection is what is judged.
func TestNameThatLeadsInsideIsRefusedWhenItIsConnectedTo(t *testing.T) {
	reached := 0
	s, roots := receiver(t, func(http.ResponseWriter, *http.Request) { reached++ })
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	address := "https://example.com:" + port + "/" // the certificate's name
	for _, addr := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "0.0.0.0", "224.0.0.1"} {
		if a := egress.New(egress.Config{Roots: roots, Resolver: names(t, addr)}).Send(t.Context(), request(address)); a.Outcome != webhook.Forbidden {
			t.Errorf("%s: %+v", addr, a)
		}
	}
	if reached != 0 {
		t.Fatalf("%d requests went inside", reached)
	}
	rebinds := egress.New(egress.Config{Local: true, Roots: roots, Resolver: names(t, "127.0.0.1", "10.0.0.1")})
	if a := rebinds.Send(t.Context(), request(address)); a.Outcome != webhook.Delivered {
		t.Errorf("at first: %+v", a)
	}
	if a := rebinds.Send(t.Context(), request(address)); a.Outcome != webhook.Forbidden || reached != 1 {
		t.Errorf("once it leads elsewhere: %+v, %d requests", a, reached)
	}
	plain := egress.New(egress.Config{Local: true, Resolver: names(t, "93.184.216.34")})
	if a := plain.Send(t.Context(), request("http://localhost.:1/")); a.Outcome != webhook.Forbidden {
		t.Errorf("a name beyond this machine in the clear: %+v", a)
	}
}

func TestNameWithoutAddressIsUnresolved(t *testing.T) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no name server") }}
	if a := egress.New(egress.Config{Resolver: resolver}).Send(t.Context(), request("https://nowhere.invalid/")); a.Outcome != webhook.Unresolved {
		t.Errorf("%+v", a)
	}
}

func TestAddressThatIsNotAllowedAnyMoreIsNotSentTo(t *testing.T) {
	allowed, err := webhook.ParseAllowed("hooks.example.org")
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"https://other.example.org/", "http://hooks.example.org/", "https://a@hooks.example.org/", "https://127.0.0.1:1/", "file:///etc/passwd", ""} {
		if a := egress.New(egress.Config{Allowed: allowed}).Send(t.Context(), request(address)); a.Outcome != webhook.Forbidden {
			t.Errorf("%q: %+v", address, a)
		}
	}
}
