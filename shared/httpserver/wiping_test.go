package httpserver_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/httpserver"
)

// wiping returns both ends of a connection, the second one as a server has it.
func wiping(t *testing.T) (client, server net.Conn) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if client, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = httpserver.Wiping(ln).Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client, server
}

func TestConnectionForgetsWhatItsBufferHeld(t *testing.T) {
	client, server := wiping(t)
	if _, err := io.WriteString(client, "new"); err != nil {
		t.Fatal(err)
	}
	buffer := []byte("old secrets of an earlier connection")
	n, err := server.Read(buffer)
	if err != nil || string(buffer[:n]) != "new" || len(bytes.Trim(buffer[n:], "\x00")) > 0 {
		t.Errorf("the buffer holds %q, %v", buffer, err)
	}
	out := []byte("text of a document")
	if n, err := server.Write(out); n != len(out) || err != nil || len(bytes.Trim(out, "\x00")) > 0 {
		t.Errorf("after the write the buffer holds %q; %d, %v", out, n, err)
	}
	got := make([]byte, len(out))
	if _, err := io.ReadFull(client, got); err != nil || string(got) != "text of a document" {
		t.Errorf("sent: %q, %v", got, err)
	}
}

// What a handler writes is the handler's, however large it is.
func TestHandlersKeepWhatTheyWrite(t *testing.T) {
	for _, size := range []int{1, 2 << 10, 4 << 10, 4<<10 + 1, 64 << 10} {
		text := bytes.Repeat([]byte("x"), size)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(text) // the client counts
		}))
		server.Listener = httpserver.Wiping(server.Listener)
		server.Start()
		for range 3 {
			resp, err := server.Client().Get(server.URL) //nolint:noctx // it ends with the server
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close() // read to its end
			if err != nil || len(got) != size || strings.Trim(string(got), "x") != "" || strings.Trim(string(text), "x") != "" {
				t.Errorf("%d bytes: %d came, %v", size, len(got), err)
			}
		}
		server.Close()
	}
}

func TestConnectionThatCarriedASecretIsClosed(t *testing.T) {
	for private, want := range map[bool]bool{true: true, false: false} {
		rec, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if private {
				httpserver.Private(r.Context())
			}
			_, _ = io.WriteString(w, "done") // to a recorder
		}, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody))
		if closed := rec.Header().Get("Connection") == "close"; closed != want {
			t.Errorf("private %v: closed %v", private, closed)
		}
	}
}
