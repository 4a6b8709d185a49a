package main

import (
	"context"
	"errors"
	"io"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// documents gives reviewers what is left of a document. The case that allows it is checked before.
type documents struct {
	tasks  *task.Service
	blobs  storage.Blobs
	engine engine
	limit  int64
}

// Derivative implements review.Documents.
func (d documents) Derivative(ctx context.Context, ref task.Ref, w io.Writer) error {
	name, err := d.tasks.Reviewable(ctx, ref)
	if err != nil {
		return err
	}
	f, blob, err := storage.Open(ctx, d.blobs, name, d.limit)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() /* opened for reading: nothing is lost */ }()
	return d.engine.Derive(ctx, ocr.Source{File: f, ID: ref.ID + " " + blob.ETag, Owner: ref.Application}, w)
}

// Original implements review.Documents.
func (d documents) Original(ctx context.Context, ref task.Ref, w io.Writer) error {
	name, err := d.tasks.Reviewable(ctx, ref)
	if err != nil {
		return err
	}
	r, _, err := d.blobs.Get(ctx, name)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}
