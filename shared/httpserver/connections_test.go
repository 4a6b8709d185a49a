package httpserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// fakeConn is a connection from an address that notes that it was closed.
type fakeConn struct {
	net.Conn
	from   string
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(c.from), Port: 4711}
}

func (c *fakeConn) Close() error {
	c.closed = true
	return nil
}

// small admits 8 connections, 4 from one address.
func small() *Connections { return NewConnections(32, true) }

// arrive lets a connection arrive.
func (c *Connections) arrive(from string) (*fakeConn, bool) {
	conn := &fakeConn{from: from}
	return conn, c.admit(conn)
}

// speak has a connection begin a request of somebody known.
func (c *Connections) speak(conn net.Conn) {
	c.state(conn, http.StateActive)
	vouch(c.context(context.Background(), conn))
}

func TestOldestStrangerMakesRoom(t *testing.T) {
	c := small()
	var all []*fakeConn
	for n := range 8 {
		conn, ok := c.arrive(net.IPv4(192, 0, 2, byte(n)).String())
		if !ok {
			t.Fatal("refused while there was room")
		}
		all = append(all, conn)
	}
	c.speak(all[0])
	c.state(all[0], http.StateIdle) // known and idle: goes after all strangers
	c.state(all[1], http.StateActive)
	for n, want := range []int{2, 3, 4, 5, 6, 7} {
		newcomer, ok := c.arrive(net.IPv4(198, 51, 100, byte(n)).String())
		if !ok || !all[want].closed {
			t.Fatalf("newcomer %d: admitted %t, connection %d closed %t", n, ok, want, all[want].closed)
		}
		c.speak(newcomer)
	}
	for n, want := range []int{1, 0} { // the stranger with a request, then the known one without
		newcomer, ok := c.arrive(net.IPv4(203, 0, 113, byte(n)).String())
		if !ok || !all[want].closed {
			t.Fatalf("newcomer %d: admitted %t, connection %d closed %t", n, ok, want, all[want].closed)
		}
		c.speak(newcomer)
	}
	if _, ok := c.arrive("203.0.113.99"); ok {
		t.Error("a newcomer ended the request of somebody known")
	}
}

func TestOneAddressMakesRoomForItself(t *testing.T) {
	c := small()
	other, _ := c.arrive("192.0.2.1")
	var mine []*fakeConn
	for range 6 {
		conn, ok := c.arrive("198.51.100.7")
		if !ok {
			t.Fatal("refused although it had strangers of its own to close")
		}
		mine = append(mine, conn)
	}
	if other.closed || !mine[0].closed || !mine[1].closed || mine[2].closed {
		t.Errorf("closed: of others %t, its own %t %t %t", other.closed, mine[0].closed, mine[1].closed, mine[2].closed)
	}
	for _, conn := range mine[2:] {
		c.speak(conn)
	}
	if _, ok := c.arrive("198.51.100.7"); ok || other.closed {
		t.Error("one address has more than its share")
	}
}

func TestSubscriberIsOneAddress(t *testing.T) {
	c := small()
	first, _ := c.arrive("2001:db8::1")
	for range 4 {
		if _, ok := c.arrive("2001:db8::2"); !ok {
			t.Fatal("refused")
		}
	}
	if !first.closed {
		t.Error("addresses of one subscriber are counted apart")
	}
}

func TestAddressesOfAProxyAreNotCounted(t *testing.T) {
	for name, tc := range map[string]struct {
		c    *Connections
		from string
	}{
		"behind a proxy":       {NewConnections(32, false), "192.0.2.1"},
		"on this very machine": {small(), "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			for n := range 8 {
				conn, ok := tc.c.arrive(tc.from)
				if !ok {
					t.Fatalf("connection %d was refused", n)
				}
				tc.c.speak(conn)
			}
		})
	}
}

func TestClosedConnectionsCountNoMore(t *testing.T) {
	c := small()
	for range 100 {
		conn, ok := c.arrive("192.0.2.1")
		if !ok {
			t.Fatal("refused")
		}
		c.speak(conn)
		c.state(conn, http.StateClosed)
	}
}

func TestRequestsAreBoundedAsConnectionsAre(t *testing.T) {
	c := small()
	under, free := make(chan struct{}), make(chan struct{})
	h := c.bound(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		under <- struct{}{}
		<-free
	}))
	ended := make(chan struct{})
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w
	}
	for range 8 {
		go func() {
			ask()
			ended <- struct{}{}
		}()
		<-under
	}
	if w := ask(); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the ninth request: %d, %v", w.Code, w.Header())
	}
	close(free)
	for range 8 {
		<-ended
	}
	go func() { <-under }()
	if w := ask(); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// The flood is of real connections: it shows that a request's credentials reach its connection.
func TestRequestOfSomebodyKnownOutlivesAFlood(t *testing.T) {
	for name, known := range map[string]bool{"known": true, "a stranger": false} {
		t.Run(name, func(t *testing.T) {
			began, free := make(chan struct{}), make(chan struct{})
			server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if known && r.URL.Path == "/known" {
					Note(r.Context(), "application", "/")
				}
				began <- struct{}{}
				<-free
				w.WriteHeader(http.StatusNoContent)
			})}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			c := small()
			go func() { ended <- c.Serve(server, ln) }()

			conn, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte("GET /known HTTP/1.1\r\nHost: lethe\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			<-began
			for n := range 8 { // one more than there is room for
				stranger, err := net.Dial("tcp", ln.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer stranger.Close()
				if _, err := stranger.Write([]byte("GET / HTTP/1.1\r\nHost: lethe\r\n\r\n")); err != nil {
					t.Fatal(err)
				}
				if n < 7 {
					<-began
				} else if _, err := stranger.Read(make([]byte, 1)); err != nil { // the ninth request at once is refused
					t.Fatal(err)
				}
			}
			close(free)
			answer := make([]byte, 12)
			_, err = io.ReadFull(conn, answer)
			if answered := err == nil && string(answer) == "HTTP/1.1 204"; answered != known {
				t.Errorf("answered %t: %q, %v", answered, answer, err)
			}
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		})
	}
}
