package abbyy

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/shared/abbyy/resultlink"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// links returns the addresses of a task's results, in the order of its formats. They are the same until they end, and are recorded when
// they are told first: without the record they are not told. Two processes that tell them first at the same moment record them both:
// an entry too many misleads nobody, one that is missing would.
func (c *call) links(ctx context.Context, t *task.Task) ([]string, error) {
	ends := resultlink.Ends(t.Ended, c.f.Now())
	addresses := make([]string, 0, len(t.Results))
	for _, format := range t.Settings.Formats {
		path, err := resultlink.Path(c.f.Keys, resultlink.Link{Ref: t.Ref, Format: format, Ends: ends})
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, c.f.base(c.r)+path)
	}
	if !t.LinksTold.Before(ends) {
		return addresses, nil
	}
	return addresses, c.f.notes.once(ctx, t.Ref, func() error {
		// Somebody else may have told them since the task was read.
		now, err := c.f.Tasks.Get(ctx, t.Ref)
		switch {
		case errors.Is(err, fault.TaskErased):
			return nil // they lead nowhere
		case err != nil:
			return err
		case !now.LinksTold.Before(ends):
			return nil
		}
		for range addresses {
			e := accesslog.Entry{Application: t.Ref.Application, Who: c.who.Subject, Scope: string(c.who.Scope), Act: accesslog.ResultLink, Task: t.Ref.ID}
			if err := c.f.AccessLog.Record(ctx, e); err != nil {
				return err
			}
		}
		if err = c.f.Tasks.NoteLinks(ctx, t, ends); errors.Is(err, fault.TaskErased) {
			return nil
		}
		return err
	})
}

// notes has each task looked after by one request at a time.
type notes struct {
	mu   sync.Mutex
	busy map[task.Ref]chan struct{} // guarded by mu; closed at the end
}

// once runs work while no other of the task does.
func (n *notes) once(ctx context.Context, ref task.Ref, work func() error) error {
	for {
		n.mu.Lock()
		other := n.busy[ref]
		if other == nil {
			break
		}
		n.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return fault.Wrap(context.Cause(ctx), fault.StorageUnavailable, "another request about the task took too long")
		}
	}
	mine := make(chan struct{})
	if n.busy == nil {
		n.busy = map[task.Ref]chan struct{}{}
	}
	n.busy[ref] = mine
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.busy, ref)
		close(mine)
	}()
	return work()
}

// schemeForm and hostForm are what a proxy may say; links hold nothing else of it.
var (
	schemeForm = regexp.MustCompile(`^https?$`)
	hostForm   = regexp.MustCompile(`^[A-Za-z0-9.:\[\]_-]{1,255}$`)
)

// base is what the links in the answer to a request begin with.
func (f *Function) base(r *http.Request) string {
	if f.Base != "" {
		return strings.TrimSuffix(f.Base, "/")
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if f.Proxied {
		scheme = said(r, "X-Forwarded-Proto", scheme, schemeForm)
		host = said(r, "X-Forwarded-Host", host, hostForm)
	}
	return scheme + "://" + host
}

// said is what the proxy nearest to the client says of a request, if it has the form.
func said(r *http.Request, header, otherwise string, form *regexp.Regexp) string {
	first, _, _ := strings.Cut(r.Header.Get(header), ",")
	if first = strings.TrimSpace(first); form.MatchString(first) {
		return first
	}
	return otherwise
}

// reads is the entry of the access log for a result that is fetched by a link: nobody knows more of the reader.
func reads(l resultlink.Link) accesslog.Entry {
	return accesslog.Entry{
		Application: l.Ref.Application, Who: l.Ref.Application, Scope: string(access.Read), Act: accesslog.ResultRead, Task: l.Ref.ID,
	}
}

// patience is how long the recording of what was fetched may take once the client has gone.
const patience = 30 * time.Second
