package emulator_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

func TestEmulatorsAnswerOnLoopbackAloneAndEndWhenTheyAreClosed(t *testing.T) {
	var set emulator.Set
	defer set.Close()
	outside := address(t)
	for name, start := range map[string]func(context.Context) (string, error){"S3": set.S3, "DynamoDB": set.DynamoDB, "SQS": set.SQS} {
		t.Run(name, func(t *testing.T) {
			endpoint := emulator.Endpoint(t, start)
			if again := emulator.Endpoint(t, start); again != endpoint {
				t.Errorf("a second one runs at %s", again)
			}
			if !answers(t, endpoint) {
				t.Error("it does not answer")
			}
			u, err := url.Parse(endpoint)
			if err != nil {
				t.Fatal(err)
			}
			if outside != "" && answers(t, "http://"+net.JoinHostPort(outside, u.Port())) {
				t.Errorf("it answers at %s", outside)
			}
			set.Close()
			if answers(t, endpoint) {
				t.Error("it answers after its end")
			}
		})
	}
}

func answers(t *testing.T, endpoint string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil
}

// address is one of this machine that is not on loopback; empty if it has none.
func address(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	return ""
}
