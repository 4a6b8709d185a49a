package memory

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Blobs is the store's side that holds document bytes.
type Blobs struct{ *Store }

// Blobs returns the side of the store that implements storage.Blobs.
func (s *Store) Blobs() *Blobs { return &Blobs{s} }

type blob struct {
	storage.Blob
	content []byte // never changed once stored
}

// Put reads r to its end before anything is stored.
func (b *Blobs) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return b.put(ctx, name, contentType, r, false)
}

// Create is Put for a name that must not exist.
func (b *Blobs) Create(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return b.put(ctx, name, contentType, r, true)
}

func (b *Blobs) put(ctx context.Context, name, contentType string, r io.Reader, createOnly bool) (storage.Blob, error) {
	if err := storage.CheckBlob(name, contentType); err != nil {
		return storage.Blob{}, err
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return storage.Blob{}, fmt.Errorf("read what is to be stored: %w", err)
	}
	if err := storage.CheckContext(ctx); err != nil {
		return storage.Blob{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, exists := b.blobs.Get(&blob{Blob: storage.Blob{Name: name}}); createOnly && exists && !old.Uncommitted {
		return storage.Blob{}, fault.New(fault.AlreadyExists, "the blob exists already")
	}
	stored := &blob{
		Blob: storage.Blob{
			Name:        name,
			Size:        int64(len(content)),
			ETag:        b.next(),
			ContentType: contentType,
			Created:     b.now().UTC(),
		},
		content: content,
	}
	b.blobs.Set(stored)
	return stored.Blob, nil
}

// Stage leaves an upload that was begun in blocks and never finished, as a client of a cloud store can.
func (b *Blobs) Stage(name string, size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blobs.Set(&blob{Blob: storage.Blob{Name: name, Size: size, Uncommitted: true}})
}

func (b *Blobs) find(ctx context.Context, name string) (*blob, error) {
	if err := storage.CheckContext(ctx); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	found, ok := b.blobs.Get(&blob{Blob: storage.Blob{Name: name}})
	if !ok || found.Uncommitted {
		return nil, fault.New(fault.ThingNotFound, "there is no such blob")
	}
	return found, nil
}

// Get returns the content as it is now; a later Put does not change it.
func (b *Blobs) Get(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
	found, err := b.find(ctx, name)
	if err != nil {
		return nil, storage.Blob{}, err
	}
	return io.NopCloser(bytes.NewReader(found.content)), found.Blob, nil
}

// GetRange returns a part of the content as it is now.
func (b *Blobs) GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(etag, offset, length); err != nil {
		return nil, err
	}
	found, err := b.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := found.Pinned(etag); err != nil {
		return nil, err
	}
	return io.NopCloser(io.NewSectionReader(bytes.NewReader(found.content), offset, length)), nil
}

// Stat describes a blob.
func (b *Blobs) Stat(ctx context.Context, name string) (storage.Blob, error) {
	found, err := b.find(ctx, name)
	if err != nil {
		return storage.Blob{}, err
	}
	return found.Blob, nil
}

// Delete removes a blob.
func (b *Blobs) Delete(ctx context.Context, name string) error {
	if err := storage.CheckContext(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blobs.Delete(&blob{Blob: storage.Blob{Name: name}})
	return nil
}

// List returns blobs in order of their names.
func (b *Blobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	if err := storage.CheckList(prefix, limit); err != nil {
		return nil, err
	}
	if err := storage.CheckContext(ctx); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	var found []storage.Blob
	b.blobs.Ascend(&blob{Blob: storage.Blob{Name: max(prefix, after)}}, func(item *blob) bool {
		switch {
		case item.Name <= after:
			return true
		case !strings.HasPrefix(item.Name, prefix):
			return false
		}
		found = append(found, item.Blob)
		return len(found) < limit
	})
	return found, nil
}
