package local

import (
	"context"
	"database/sql"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Create implements storage.Creator in one transaction: what is waited for is one write to the disk, whatever the number of records.
func (r *Records) Create(ctx context.Context, recs []storage.Record) []error {
	var errs []error
	err := r.use(ctx, func() error {
		errs = make([]error, len(recs))
		return r.create(ctx, recs, errs)
	})
	if err != nil {
		return storage.Refuse(len(recs), failed(err))
	}
	return errs
}

// create notes in errs which records it refuses. With an error of its own it has stored none.
func (r *Records) create(ctx context.Context, recs []storage.Record, errs []error) (err error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // err says why
		}
	}()
	insert, err := tx.PrepareContext(ctx, insertNew)
	if err != nil {
		return err
	}
	for i, rec := range recs {
		if rec.Value == nil {
			rec.Value = []byte{}
		}
		res, err := insert.ExecContext(ctx, rec.Table, rec.Partition, rec.Row, rec.Value, secondsOf(rec.Due))
		if err != nil {
			return err
		}
		if stored, err := res.RowsAffected(); err != nil || stored > 0 {
			if err != nil {
				return err
			}
			continue
		}
		if errs[i], err = other(ctx, tx, rec); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// other refuses a record if there is another one in its place.
func other(ctx context.Context, tx *sql.Tx, rec storage.Record) (refusal, err error) {
	there := storage.Record{Key: rec.Key}
	var due int64
	err = tx.QueryRowContext(ctx, "SELECT value, due FROM records WHERE tbl=? AND partition=? AND row=?", rec.Table, rec.Partition, rec.Row).Scan(&there.Value, &due)
	if there.Due = timeOf(due); err != nil || there.Same(rec) {
		return nil, err
	}
	return fault.New(fault.AlreadyExists, "the record exists already"), nil
}
