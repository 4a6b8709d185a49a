//go:build linux && cgo

package main_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/hostiletest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

const (
	mixedSoakTime = 15 * time.Minute
	betweenKills  = 45 * time.Second
)

// siege is a server that is killed and started again at the same address while clients of every kind use it.
type siege struct {
	t       *testing.T
	client  *client.Client
	port    string
	data    string
	app     string
	secret  string
	live    *server // only the test's own goroutine looks at it
	stop    context.Context
	kinds   map[string]*atomic.Int64 // what was counted, by name
	ids     sync.Map                 // tasks that are not erased yet
	trouble sync.Map                 // what must not be, each sentence once
}

// besiege starts the server at an address that stays.
func besiege(stop context.Context, t *testing.T) *siege {
	t.Helper()
	w := &siege{t: t, port: freePort(t), data: t.TempDir(), stop: stop, kinds: map[string]*atomic.Int64{}}
	for _, kind := range []string{"completed", "failed with a reason", "erased", "slow readers", "slow readers cut off", "trickled uploads cut off", "kills"} {
		w.kinds[kind] = &atomic.Int64{}
	}
	w.live = w.start()
	w.client, w.app, w.secret = w.live.Client, w.live.app, w.live.secret
	return w
}

func (w *siege) start() *server {
	w.t.Helper()
	s := &server{t: w.t, data: w.data, log: &journal{}, app: w.app, secret: w.secret}
	s.run(append(hostileSettings(), "LETHE_WORKERS=2", "LETHE_PAGE_TIME=10s"), "serve", "--data", w.data, "--listen", "127.0.0.1:"+w.port)
	return s
}

// kill ends the server as a power cut does and starts it again.
func (w *siege) kill() {
	w.t.Helper()
	if err := w.live.cmd.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	if err := <-w.live.ended; err == nil {
		w.t.Error("the killed server ended as if nothing had happened")
	}
	w.kinds["kills"].Add(1)
	w.live = w.start()
}

func (w *siege) count(kind string) { w.kinds[kind].Add(1) }

func (w *siege) wrong(format string, args ...any) {
	w.trouble.Store(fmt.Sprintf(format, args...), true)
}

// persist repeats a call while the server is dead, starting or busy.
func (w *siege) persist(call func(context.Context) error) error {
	for {
		ctx, done := context.WithTimeout(w.t.Context(), time.Minute)
		err := call(ctx)
		done()
		var p *client.Problem
		passing := errors.Is(err, client.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.As(err, &p) && p.Retryable
		if err == nil || !passing || w.t.Context().Err() != nil {
			return err
		}
		select {
		case <-w.t.Context().Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// create makes a task under a key of its own, so that a call that is repeated makes no second one.
func (w *siege) create(s client.Settings) (*client.Task, error) {
	key := rand.Text()
	var made *client.Task
	err := w.persist(func(ctx context.Context) (err error) {
		made, err = w.client.Create(ctx, s, key)
		return err
	})
	if err == nil {
		w.ids.Store(made.ID, true)
	}
	return made, err
}

// send makes a task and uploads its document; it returns when the server has taken it in.
func (w *siege) send(content []byte, s client.Settings) (string, error) {
	made, err := w.create(s)
	if err != nil {
		return "", err
	}
	return made.ID, w.persist(func(ctx context.Context) error {
		return w.client.Upload(ctx, made, func() (io.ReadCloser, int64, error) {
			return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
		})
	})
}

// ended waits for the task's end.
func (w *siege) ended(id string) (task *client.Task, err error) {
	for task == nil || !task.Over() {
		err = w.persist(func(ctx context.Context) (err error) {
			task, err = w.client.Get(ctx, id, 5*time.Second)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return task, nil
}

// erase deletes a task until its receipt is there.
func (w *siege) erase(id string) {
	var gone *client.Task
	for gone == nil || gone.Erased.IsZero() {
		err := w.persist(func(ctx context.Context) (err error) {
			gone, err = w.client.Delete(ctx, id)
			return err
		})
		if err != nil {
			w.wrong("delete: %v", err)
			return
		}
	}
	w.ids.Delete(id)
	w.count("erased")
}

// sender sends good and hostile documents, one after another, and sees each one to its end.
func (w *siege) sender(seed uint64) {
	random := mrand.New(mrand.NewPCG(seed, 5))
	all := hostiletest.Documents()
	fair := photo(w.t, "Fair weather.")
	for w.stop.Err() == nil {
		d := hostiletest.Document{Name: "good", Content: func() []byte { return fair }, Ends: []fault.Code{hostiletest.Completed}}
		if random.IntN(2) == 0 {
			d = all[random.IntN(len(all))]
			d.Ends = append(d.Ends, fault.AttemptsExhausted) // it may be alone each time that the server is killed
		}
		id, err := w.send(d.Content(), client.Settings{Formats: []string{"txt", "pdf"}, Password: d.Password})
		if err != nil {
			w.wrong("%s: send: %v", d.Name, err)
			continue
		}
		task, err := w.ended(id)
		switch {
		case err != nil:
			w.wrong("%s: accepted and then: %v", d.Name, err)
		case task.State == "Completed" && d.MayEnd(hostiletest.Completed):
			w.count("completed")
		case task.Failed() && task.Failure != nil && d.MayEnd(fault.Code(task.Failure.Code)):
			w.count("failed with a reason")
		default:
			w.wrong("%s: accepted, and ended as %s %+v", d.Name, task.State, task.Failure)
		}
		w.erase(id)
	}
}

// reader begins to fetch a result, lets the task be erased, and goes on reading: what it gets after the receipt is what the
// connection had in its buffers.
func (w *siege) reader() {
	const buffers = 8 << 20
	document := heavyPDF(w.t, 24<<20)
	for w.stop.Err() == nil {
		id, err := w.send(document, client.Settings{Formats: []string{"pdf"}})
		if err == nil {
			_, err = w.ended(id)
		}
		if err != nil {
			w.wrong("slow reader: %v", err)
			continue
		}
		body, err := w.fetch(id)
		if err != nil {
			w.erase(id)
			continue // the server was killed just then
		}
		_, _ = io.CopyN(io.Discard, body, 1<<10) // enough to know that it began
		w.erase(id)
		more, err := io.Copy(io.Discard, body)
		_ = body.Close() // read to its end
		w.count("slow readers")
		if err != nil {
			w.count("slow readers cut off")
		}
		if more > buffers {
			w.wrong("a reader got %d bytes after the receipt", more)
		}
	}
}

// heavyPDF is a page whose picture carries n bytes that no decoder looks at, so that its result is large and soon made.
func heavyPDF(t *testing.T, n int) []byte {
	t.Helper()
	const segment = 0xFFFF
	jpg := photo(t, "Heavy weather.")
	var b bytes.Buffer
	b.Write(jpg[:2]) // its first marker
	for range n / segment {
		b.Write([]byte{0xFF, 0xFE, 0xFF, 0xFF}) // a comment of the greatest length
		if _, err := io.CopyN(&b, rand.Reader, segment-2); err != nil {
			t.Fatal(err)
		}
	}
	b.Write(jpg[2:])
	pdf, err := pdftest.Scans(1, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// fetch opens a result over a connection that takes little in advance.
func (w *siege) fetch(id string) (io.ReadCloser, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(32 << 10) // a hint
		}
		return c, err
	}}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://127.0.0.1:"+w.port+"/v1/tasks/"+url.PathEscape(id)+"/results/pdf?stream=true", nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(w.app, w.secret)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the server answered %d", resp.StatusCode), resp.Body.Close())
	}
	return resp.Body, nil
}

// drip sends a few bytes now and then and never comes to an end.
type drip struct{ stop context.Context }

// Read implements io.Reader.
func (d drip) Read(p []byte) (int, error) {
	select {
	case <-d.stop.Done():
		return 0, io.ErrUnexpectedEOF
	case <-time.After(2 * time.Second):
		return copy(p, ocrtest.Letter(1)[:64]), nil
	}
}

// trickler uploads so slowly that the server has to end it.
func (w *siege) trickler() {
	for w.stop.Err() == nil {
		made, err := w.create(client.Settings{})
		if err != nil {
			w.wrong("trickler: %v", err)
			continue
		}
		req, err := http.NewRequestWithContext(w.stop, made.Upload.Method, made.Upload.URL, drip{w.stop})
		if err != nil {
			w.wrong("trickler: %v", err)
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			if resp.StatusCode < http.StatusBadRequest {
				w.wrong("an upload that never ended was answered %d", resp.StatusCode)
			}
			_ = resp.Body.Close() // only the status counts
		}
		if w.stop.Err() == nil {
			w.count("trickled uploads cut off")
		}
		w.erase(made.ID)
	}
}

// Clients of every kind use a server that is killed again and again: what was accepted ends as it should, what was deleted is
// gone, and memory, descriptors and files do not rise from one life of the server to the next.
func TestMixedSoakWithKillsLosesNothingAndLeavesNothing(t *testing.T) {
	if !soak() {
		t.Skip("LETHE_SOAK is not set: nothing is soaked")
	}
	span := soakTime()
	if span == 10*time.Minute {
		span = mixedSoakTime
	}
	stop, end := context.WithTimeout(t.Context(), span)
	defer end()
	w := besiege(stop, t)
	levels := []*level{
		{name: "memory of the server, MB", allowed: 32, read: func() float64 { return float64(resident(w.live.cmd.Process.Pid)) / (1 << 20) }},
		{name: "descriptors", allowed: 12, read: func() float64 { return float64(w.live.descriptors()) }},
		{name: "processes", allowed: 0.5, read: func() float64 { return float64(len(w.live.workers())) }},
		{name: "files", allowed: 12, read: func() float64 { return float64(len(w.live.files())) }},
	}
	var clients sync.WaitGroup
	for n := range 3 {
		clients.Go(func() { w.sender(uint64(n)) })
	}
	clients.Go(w.reader)
	clients.Go(w.trickler)
	began, tick := time.Now(), time.NewTicker(betweenKills)
	defer tick.Stop()
	for stop.Err() == nil {
		select {
		case <-stop.Done():
			continue
		case <-tick.C:
		}
		for _, l := range levels {
			l.samples = append(l.samples, sample{at: time.Since(began), value: l.read()})
		}
		w.kill()
	}
	clients.Wait()
	w.ids.Range(func(id, _ any) bool {
		w.erase(id.(string)) //nolint:forcetypeassert // only ids are stored
		return true
	})
	w.settle(levels)
}

// settle judges the whole.
func (w *siege) settle(levels []*level) {
	for kind, n := range w.kinds {
		w.t.Logf("%-26s %d", kind, n.Load())
		if n.Load() == 0 {
			w.t.Errorf("%s: none, so the soak shows nothing of them", kind)
		}
	}
	w.trouble.Range(func(sentence, _ any) bool {
		w.t.Error(sentence)
		return true
	})
	if left := w.live.left("Fair weather"); len(left) > 0 {
		w.t.Errorf("%d files are left: %q", len(left), left[:min(len(left), 5)])
	}
	for _, l := range levels {
		trend := trendOf(l.samples)
		w.t.Logf("%-26s %+8.3f a minute, %+7.2f in all, order %+.2f, of %d samples", l.name, trend.slope, trend.rise, trend.tau, len(l.samples))
		if trend.leaks(l.allowed) {
			w.t.Errorf("%s: rose by %.1f, at most %.1f is allowed", l.name, trend.rise, l.allowed)
		}
	}
}
