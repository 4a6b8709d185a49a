package webhook_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

func TestAddressesThatNameMoreThanAPlaceAreRefused(t *testing.T) {
	for _, c := range []struct {
		text          string
		away, machine bool // taken beyond this machine, and on one that tells itself
	}{
		{"https://hooks.example.org/lethe", true, true},
		{"https://hooks.example.org:8443", true, true},
		{"https://[2001:4860::1]/a", true, true},
		{"http://hooks.example.org/", false, false},
		{"http://127.0.0.1:9000/hook", false, true},
		{"http://localhost/hook", false, true},
		{"http://[::1]:9000/", false, true},
		{"http://127.0.0.1.example.org/", false, false},
		{"https://user@hooks.example.org/", false, false},
		{"https://user:secret@hooks.example.org/", false, false},
		{"https://hooks.example.org/?token=1", false, false},
		{"https://hooks.example.org/?", false, false},
		{"https://hooks.example.org/#a", false, false},
		{"https://hooks.example.org/#", false, false},
		{"https://hooks.example.org:0/", false, false},
		{"https://hooks.example.org:99999/", false, false},
		{`https://hooks.example.org\@evil.test/`, false, false},
		{"https:///path", false, false},
		{"https://", false, false},
		{"https:hooks.example.org", false, false},
		{"file:///etc/passwd", false, false},
		{"gopher://hooks.example.org/", false, false},
		{"//hooks.example.org/", false, false},
		{"https://höoks.example.org/", false, false},
		{"https://hooks.example.org/a b", false, false},
		{"https://hooks.example.org/\n", false, false},
		{"https://hooks.example.org/" + strings.Repeat("a", 500), false, false},
		{"", false, false},
	} {
		for local, want := range map[bool]bool{false: c.away, true: c.machine} {
			if _, err := webhook.ParseAddress(c.text, local); (err == nil) != want {
				t.Errorf("%q, on a machine that tells itself %t: %v", c.text, local, err)
			}
		}
	}
}

func TestAllowedHostsAndNetworks(t *testing.T) {
	a, err := webhook.ParseAllowed("hooks.example.org, *.Example.com,10.1.0.0/16,fd00:1::/32")
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"hooks.example.org": true, "HOOKS.example.org.": true, "a.example.com": true, "a.b.example.com": true,
		"example.com": false, "badexample.com": false, "hooks.example.org.evil.test": false, "10.1.0.1": false,
	} {
		if a.Host(host) != want {
			t.Errorf("%s: %t", host, !want)
		}
	}
	for addr, want := range map[string]bool{"10.1.2.3": true, "10.2.0.1": false, "fd00:1::5": true, "fd00:2::5": false} {
		if a.Network(netip.MustParseAddr(addr)) != want {
			t.Errorf("%s: %t", addr, !want)
		}
	}
	if none, err := webhook.ParseAllowed(" "); err != nil || !none.Host("any.test") || none.Network(netip.MustParseAddr("10.0.0.1")) {
		t.Errorf("an empty list: %v", err)
	}
	for _, bad := range []string{",", "a,,b", "http://a.test", "*", "*.", "a..b", ".a", "10.1.2.3/16", "a.test/8", "::ffff:10.0.0.0/104", "ü.test"} {
		if _, err := webhook.ParseAllowed(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestHostThatIsNotListedIsNotRegistered(t *testing.T) {
	w := newWorld(t)
	cfg := w.config(1)
	var err error
	if cfg.Allowed, err = webhook.ParseAllowed("hooks.example.org"); err != nil {
		t.Fatal(err)
	}
	o := webhook.New(cfg)
	if _, err := o.Add(t.Context(), app, address, nil); !errors.Is(err, fault.BadField) || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
	if _, err := o.Add(t.Context(), app, "https://hooks.example.org/", nil); err != nil {
		t.Error(err)
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{address, "http://127.0.0.1:1/", "https://a@b/", "https://[::1%25eth0]/", "https://a/?b#c", "https://0x7f.1/", "https:\\\\a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := webhook.ParseAddress(text, false)
		if err != nil {
			if strings.Contains(err.Error(), text) && len(text) > 10 {
				t.Error("the refusal names the address")
			}
			return
		}
		again, err := url.Parse(at.String())
		if err != nil || again.Scheme != "https" || again.User != nil || again.RawQuery != "" || again.Fragment != "" || again.Hostname() != at.Hostname() {
			t.Errorf("%q is taken as %q", text, at)
		}
	})
}

func FuzzParseAllowed(f *testing.F) {
	f.Add("hooks.example.org,*.a.b,10.0.0.0/8")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := webhook.ParseAllowed(text)
		if err == nil && strings.TrimSpace(text) != "" && a.Host("unlisted.invalid") && !strings.Contains(text, "invalid") && !strings.Contains(text, "/") {
			t.Errorf("%q lets everything through", text)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"type":"task.completed","timestamp":"2026-11-01T12:00:00Z","data":{"application":"a","task":"b","state":"Completed","sequence":1}}`))
	f.Add([]byte(`{"type":"webhook.challenge","data":{"challenge":"x"}}`))
	f.Add([]byte(`{"data":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if e, err := webhook.ParseEvent(body); err != nil && e != (webhook.Event{}) {
			t.Error("refused, but something was returned")
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add("msg_1", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte("{}"))
	f.Add("", "x", "v1a,==, v1 ,", []byte(nil))
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		for _, key := range []string{"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="} {
			v, err := webhook.NewVerifier(key)
			if err != nil {
				t.Fatal(err)
			}
			_ = v.Verify(id, stamp, signature, body, time.Unix(1614265330, 0))
		}
	})
}

func FuzzParseRef(f *testing.F) {
	f.Add("archive", "1793534400000!019a3fc0-9c00-7000-8000-000000000001!1!0123456789abcdef")
	f.Add("a", "!!!")
	f.Fuzz(func(t *testing.T, application, row string) {
		if r, err := webhook.ParseRef(application, row); err == nil && (r.Application != application || r.Row != row || strings.Contains(r.Endpoint(), "!")) {
			t.Errorf("%q is read as %+v", row, r)
		}
	})
}
