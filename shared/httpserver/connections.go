package httpserver

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
)

// Connections bounds the connections of a server, so that descriptors are left for what no client asks for: erasing. When
// there are too many, those go first on which nobody has shown good credentials or a good link, the oldest before the
// others. One that carries the request of somebody known is never closed: the new one is refused then.
type Connections struct {
	most int // at once
	each int // of one address at once; 0 for no such bound

	mu       sync.Mutex
	peers    map[net.Conn]*peer // guarded by mu
	order    uint64             // guarded by mu
	requests int                // under way; guarded by mu
}

// mostConnections is enough for every machine, and few enough to look through at each arrival.
const mostConnections = 4096

// NewConnections returns the bound for a process that may have so many descriptors open. A connection may take a quarter of
// them: its own, that of a document on its way, and one more for a moment. The rest is for erasing, the database and workers.
// Where addresses are the clients' own, one that is not this machine's has a quarter of the connections at most.
func NewConnections(descriptors uint64, ownAddresses bool) *Connections {
	c := &Connections{most: int(max(8, min(descriptors/4, mostConnections))), peers: map[net.Conn]*peer{}}
	if ownAddresses {
		c.each = max(4, c.most/4)
	}
	return c
}

// peer is one connection.
type peer struct {
	conn    net.Conn
	address string
	since   uint64 // place in the order of arrivals and of ends of requests
	active  bool   // a request is under way
	known   bool   // somebody showed good credentials or a good link
}

// rank orders connections by how soon they go; the highest never does.
func (p *peer) rank() int {
	switch {
	case !p.known && !p.active:
		return 0
	case !p.known:
		return 1
	case !p.active:
		return 2
	}
	return kept
}

// kept is the rank of connections that carry the request of somebody known.
const kept = 3

// Serve accepts connections for a server until the listener is closed.
func (c *Connections) Serve(server *http.Server, ln net.Listener) error {
	server.ConnContext = c.context
	server.ConnState = c.state
	server.Handler = c.bound(server.Handler)
	return server.Serve(admitting{ln, c})
}

type admitting struct {
	net.Listener
	connections *Connections
}

// Accept implements net.Listener.
func (l admitting) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.connections.admit(conn) {
			return conn, err
		}
		cut(conn)
	}
}

// admit makes room for a new connection, or refuses it.
func (c *Connections) admit(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &peer{conn: conn, address: sender(conn)}
	if c.each > 0 && p.address != "" && c.count(p.address) >= c.each && !c.shed(p.address) {
		return false
	}
	if len(c.peers) >= c.most && !c.shed("") {
		return false
	}
	c.order++
	p.since = c.order
	c.peers[conn] = p
	return true
}

// sender is what counts as one sender, empty for this machine itself: a proxy on it speaks for many.
func sender(conn net.Conn) string {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return ""
	}
	return access.Source(conn.RemoteAddr().String())
}

func (c *Connections) count(address string) int {
	n := 0
	for _, p := range c.peers {
		if p.address == address {
			n++
		}
	}
	return n
}

// shed closes the connection that goes first, of one address or of all.
func (c *Connections) shed(address string) bool {
	var first *peer
	for _, p := range c.peers {
		if address != "" && p.address != address || p.rank() == kept {
			continue
		}
		if first == nil || p.rank() < first.rank() || p.rank() == first.rank() && p.since < first.since {
			first = p
		}
	}
	if first == nil {
		return false
	}
	delete(c.peers, first.conn)
	cut(first.conn)
	return true
}

// cut closes a connection without a farewell, for which its peer might have to be waited.
func cut(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	_ = conn.Close() // the server sees it gone
}

// state is for http.Server.ConnState.
func (c *Connections) state(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.peers[conn]
	if p == nil {
		return
	}
	switch state {
	case http.StateActive:
		p.active = true
	case http.StateIdle:
		c.order++
		p.active, p.since = false, c.order
	case http.StateClosed, http.StateHijacked:
		delete(c.peers, conn)
	case http.StateNew:
	}
}

// vouchKey is where a request keeps what makes its connection known.
type vouchKey struct{}

// context is for http.Server.ConnContext.
func (c *Connections) context(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(KeepConn(ctx, conn), vouchKey{}, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if p := c.peers[conn]; p != nil {
			p.known = true
		}
	})
}

// vouch notes that the sender of a request has shown good credentials or a good link.
func vouch(ctx context.Context) {
	if known, ok := ctx.Value(vouchKey{}).(func()); ok {
		known()
	}
}

// bound refuses requests beyond the number of connections: one connection of HTTP/2 carries many, each with descriptors.
func (c *Connections) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.begin() {
			NewProblem(fault.New(fault.RateLimited, "the server is already answering %d requests, its limit; try again in a moment", c.most).Retry(time.Second)).write(w, r)
			return
		}
		defer c.end()
		next.ServeHTTP(w, r)
	})
}

func (c *Connections) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests >= c.most {
		return false
	}
	c.requests++
	return true
}

func (c *Connections) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests--
}
