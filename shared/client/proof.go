package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
)

// maxFile bounds a receipt or a file of the ledger.
const maxFile = 4 << 20

// Receipt fetches the signed receipt of an erased task.
func (c *Client) Receipt(ctx context.Context, id string) ([]byte, error) {
	return c.file(ctx, "/v1/tasks/"+url.PathEscape(id)+"/receipt")
}

// EraseSubject erases every task that was created with the tag. Tasks that a worker still holds have no Erased time yet.
func (c *Client) EraseSubject(ctx context.Context, tag string) ([]Task, error) {
	var out struct{ Tasks []Task }
	err := c.ask(ctx, call{method: http.MethodPost, path: "/v1/erasures", in: map[string]string{"subject": tag}, out: &out})
	return out.Tasks, err
}

// Ledger is the server's ledger as files.
type Ledger struct{ c *Client }

// Ledger returns the server's ledger.
func (c *Client) Ledger() Ledger { return Ledger{c} }

// ReadFile fetches a file of the ledger by its path, such as checkpoint. One that is not there is fs.ErrNotExist.
func (l Ledger) ReadFile(ctx context.Context, path string) ([]byte, error) {
	text, err := l.c.file(ctx, "/v1/ledger/"+path)
	if p, ok := errors.AsType[*Problem](err); ok && p.Status == http.StatusNotFound {
		err = errors.Join(fs.ErrNotExist, err)
	}
	return text, err
}

func (c *Client) file(ctx context.Context, path string) ([]byte, error) {
	resp, err := c.do(ctx, call{method: http.MethodGet, path: path})
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxFile))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return text, nil
}
