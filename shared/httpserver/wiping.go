package httpserver

import "net"

// Wiping returns a listener whose connections leave nothing behind in the buffers of the HTTP library, which are handed on
// from connection to connection: old bytes would stay in them for as long as any connection uses them. It is for connections
// in the clear; what TLS decrypts is out of its sight.
func Wiping(ln net.Listener) net.Listener { return wipingListener{ln} }

type wipingListener struct{ net.Listener }

// Accept implements net.Listener.
func (l wipingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		return wipingConn{tcp}, nil
	}
	return conn, err
}

// wipingConn is a connection of the HTTP library, which reads into its buffer and writes from its buffer.
type wipingConn struct{ *net.TCPConn }

// Read forgets what was read before: while it waits, the buffer is empty.
func (c wipingConn) Read(p []byte) (int, error) {
	clear(p)
	return c.TCPConn.Read(p)
}

// libraryBuffer is the size of the library's write buffer. What is larger comes from a handler, past the buffer.
const libraryBuffer = 4 << 10

// Write forgets what was written, if it comes from the library's buffer. That the bytes of an io.Writer are left alone is
// promised to handlers, and kept: theirs reach a connection in pieces larger than the buffer, or copied into it.
func (c wipingConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	if len(p) <= libraryBuffer {
		clear(p)
	}
	return n, err
}
