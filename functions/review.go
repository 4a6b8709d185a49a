//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/oidc"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// documents gives reviewers what is left of a document. The case that allows it is checked before.
type documents struct {
	tasks  *task.Service
	blobs  storage.Blobs
	engine *worker.Pool
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

// newGuard checks credentials, and tokens where an issuer is set: those end by wall time, rates are counted in time that goes by.
func newGuard(set config.Settings, registry *access.Registry, now, wall func() time.Time, log *slog.Logger) (*access.Guard, error) {
	guard := access.NewGuard(registry, access.Rates{PerSecond: set.RatePerSecond, Burst: set.RateBurst}, now, log)
	if set.OIDCIssuer == "" {
		return guard, nil
	}
	roles, err := access.ParseRoles(set.OIDCRoles)
	if err != nil {
		return nil, err
	}
	tokens, err := oidc.New(oidc.Config{
		Issuer: set.OIDCIssuer, Audience: set.OIDCAudience, RolesClaim: set.OIDCRolesClaim, SubjectClaim: set.OIDCSubjectClaim,
		Roles: roles, Now: wall, Log: log,
	})
	if err != nil {
		return nil, err
	}
	guard.AcceptTokens(tokens, set.OIDCRequired)
	return guard, nil
}
