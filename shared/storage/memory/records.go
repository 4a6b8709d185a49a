package memory

import (
	"context"
	"slices"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Get reads a record.
func (s *Store) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	if err := key.Check(); err != nil {
		return storage.Record{}, err
	}
	if err := storage.CheckContext(ctx); err != nil {
		return storage.Record{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, ok := s.records.Get(&storage.Record{Key: key})
	if !ok {
		return storage.Record{}, fault.New(fault.ThingNotFound, "there is no such record")
	}
	return copyOf(found), nil
}

// copyOf keeps callers from changing what is stored.
func copyOf(r *storage.Record) storage.Record {
	c := *r
	c.Value = slices.Clone(r.Value)
	return c
}

// Put creates or replaces a record together with its entry of the due index.
func (s *Store) Put(ctx context.Context, rec storage.Record) (string, error) {
	if err := rec.Check(); err != nil {
		return "", err
	}
	if err := storage.CheckContext(ctx); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(rec)
}

// put is Put of a record that was checked. The caller holds mu.
func (s *Store) put(rec storage.Record) (string, error) {
	old, exists := s.records.Get(&storage.Record{Key: rec.Key})
	switch {
	case rec.ETag == "" && exists:
		return "", fault.New(fault.AlreadyExists, "the record exists already")
	case rec.ETag != "" && (!exists || old.ETag != rec.ETag):
		return "", fault.New(fault.ETagMismatch, "the record changed since it was read")
	}
	stored := copyOf(&rec)
	stored.ETag = s.next()
	stored.Due = rec.Due.Truncate(time.Second)
	if exists {
		s.due.Delete(storage.Due{Key: old.Key, At: old.Due})
	}
	if !stored.Due.IsZero() {
		s.due.Set(storage.Due{Key: stored.Key, At: stored.Due})
	}
	s.records.Set(&stored)
	return stored.ETag, nil
}

// Create implements storage.Creator.
func (s *Store) Create(ctx context.Context, recs []storage.Record) []error {
	if err := storage.CheckContext(ctx); err != nil {
		return storage.Refuse(len(recs), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := make([]error, len(recs))
	for i, rec := range recs {
		if there, exists := s.records.Get(&storage.Record{Key: rec.Key}); !exists || !there.Same(rec) {
			_, errs[i] = s.put(rec)
		}
	}
	return errs
}

// Delete removes a record and its entry of the due index.
func (s *Store) Delete(ctx context.Context, key storage.Key, etag string) error {
	if err := key.Check(); err != nil {
		return err
	}
	if err := storage.CheckContext(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, exists := s.records.Get(&storage.Record{Key: key})
	if !exists {
		return nil
	}
	if etag != "" && old.ETag != etag {
		return fault.New(fault.ETagMismatch, "the record changed since it was read")
	}
	s.records.Delete(old)
	s.due.Delete(storage.Due{Key: old.Key, At: old.Due})
	return nil
}

// List returns records in order of their keys.
func (s *Store) List(ctx context.Context, q storage.Query) ([]storage.Record, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	if err := storage.CheckContext(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	after := q.After
	after.Table = q.Table
	from := after
	if q.Partition > from.Partition {
		from = storage.Key{Table: q.Table, Partition: q.Partition}
	}
	var found []storage.Record
	s.records.Ascend(&storage.Record{Key: from}, func(r *storage.Record) bool {
		switch {
		case r.Table != q.Table, q.Partition != "" && r.Partition > q.Partition:
			return false
		case r.Compare(after) <= 0, q.Partition != "" && r.Partition != q.Partition:
			return true
		}
		found = append(found, copyOf(r))
		return len(found) < q.Limit
	})
	return found, nil
}

// Due returns entries in order of time.
func (s *Store) Due(ctx context.Context, now time.Time, after *storage.Due, limit int) ([]storage.Due, error) {
	if err := storage.CheckLimit(limit); err != nil {
		return nil, err
	}
	if err := storage.CheckContext(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var from storage.Due
	if after != nil {
		from = *after
	}
	var found []storage.Due
	s.due.Ascend(from, func(d storage.Due) bool {
		switch {
		case d.At.After(now):
			return false
		case after != nil && d.Compare(*after) <= 0:
			return true
		}
		found = append(found, d)
		return len(found) < limit
	})
	return found, nil
}

// Settle has nothing to do: entries are deleted with their records.
func (s *Store) Settle(ctx context.Context, _ storage.Due) error { return storage.CheckContext(ctx) }
