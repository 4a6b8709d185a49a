package savedstate

import (
	"context"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Place is what a state is saved from.
type Place struct {
	Key     []byte           // of the data folder
	Clock   clock.Anchor     // that service time goes on from
	Records []storage.Record // those that storage.Key.Saved names, as of one moment
	Blobs   storage.Blobs    // with the ledger's files of that moment; they may have grown since
}

// Save writes the state of a place for those whose keys open it. The private key that signs the ledger is none of it.
func Save(ctx context.Context, w io.Writer, to []age.Recipient, h Header, p Place) error {
	out, err := NewWriter(w, to, h)
	if err != nil {
		return err
	}
	items := []Item{{Key: p.Key}, {Clock: &p.Clock}}
	for _, r := range p.Records {
		items = append(items, Item{Record: &Record{Table: r.Table, Partition: r.Partition, Row: r.Row, Value: r.Value, Due: r.Due}})
	}
	for _, i := range items {
		if err := out.Add(i); err != nil {
			return err
		}
	}
	err = ledger.Files(ctx, p.Records, p.Blobs, func(path string, file []byte) error {
		return out.Add(Item{Ledger: &File{Name: path, Data: file}})
	})
	if err != nil {
		return fmt.Errorf("save the ledger's files: %w", err)
	}
	return out.Close()
}

// Found is what a file has beside records and the ledger's files.
type Found struct {
	Header
	Key          []byte
	Clock        clock.Anchor
	Applications int // records, those of aliases included
}

// Check reads a file to its end and writes nothing.
func Check(r io.Reader, by []age.Identity) (Found, error) {
	var f Found
	var err error
	f.Header, err = Read(r, by, func(i Item) error {
		switch {
		case i.Key != nil:
			f.Key = i.Key
		case i.Clock != nil:
			f.Clock = *i.Clock
		case i.Record != nil && i.Record.Table == storage.Applications:
			f.Applications++
		}
		return nil
	})
	return f, err
}

// Load puts records and the ledger's files into a place that has none. It counts only if there is no error; nobody may use the
// place before.
func Load(ctx context.Context, r io.Reader, by []age.Identity, records storage.Records, blobs storage.Blobs) error {
	_, err := Read(r, by, func(i Item) error {
		switch {
		case i.Record != nil:
			_, err := records.Put(ctx, storage.Record{
				Key: storage.Key{Table: i.Record.Table, Partition: i.Record.Partition, Row: i.Record.Row}, Value: i.Record.Value, Due: i.Record.Due,
			})
			return err
		case i.Ledger != nil:
			return ledger.PutFile(ctx, blobs, i.Ledger.Name, i.Ledger.Data)
		default:
			return ctx.Err()
		}
	})
	return err
}
