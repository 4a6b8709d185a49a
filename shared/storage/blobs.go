// Package storage defines the two interfaces through which the domain stores its state: Blobs for document bytes and Records
// for small records with compare-and-swap and a due index. Drivers are subpackages; each passes the suite in storagetest.
//
// Names, keys and metadata never contain text that a user supplied.
//
// # Parts of documents
//
// Who reads a part of a large document fetches that part (OpenRanges). For pages 41 to 60 of scans of 100 pages that hardly compress,
// 43 to 55 MiB large, written one page after the other:
//
//	PDF                        23 % of the bytes,  82 requests
//	PDF, linearized            23 % of the bytes,  82 requests
//	PDF with object streams    20 % of the bytes,  43 requests
//	TIFF                       25 % of the bytes, 123 requests
//
// More than 20 % are fetched since PDFium looks at each page up to the last one that is read, and a TIFF is a chain of directories:
// each costs a block. A test of package reader measures it.
//
// # Formats
//
// Everything that one program stores and another may read carries the version of its format: records, kept pages, messages,
// the clock's anchor. Two programs of different age work on one store while a stamp is upgraded, and the earlier one may be
// started again at any time. So:
//
//   - A format changes by new fields that an earlier program may leave out when it writes the record again. No field changes its
//     meaning, and none is taken away. That needs no new version.
//   - What an earlier program would misread needs a new version. One release reads it, and only the release after that writes it,
//     so that there is always a way back by one.
//   - What has a newer version than the program knows is an error: it is neither read by guess nor written over. Documents go by
//     the store's own time then, and kept pages are read anew. How far a full pass has come is the exception: it may be lost at
//     any time, and the pass begins anew.
//   - What has no version was written before formats had one, and is version 1.
//   - functions/testdata/upgrade keeps what earlier programs left behind; a release adds its own with make.sh.
package storage

import (
	"context"
	"io"
	"os"
	"time"
)

// The containers: the first segment of every blob name. All but the ledger hold what retention erases.
const (
	Uploads     = "uploads"     // uploads/<hour>/<application>/<task>/<n>, n from 1, higher for further pictures
	Work        = "work"        // work/<hour>/<application>/<task>/<page>; where a task is processed again <round>_<page>
	Results     = "results"     // results/<hour>/<application>/<task>/<format>; likewise <round>_<format>
	DeadLetters = "deadletters" // events that the platform could not deliver; the names are the platform's
	Ledger      = "ledger"      // the append-only log, in tiles; nothing of a document
)

// Containers lists every container.
func Containers() []string { return []string{Uploads, Work, Results, DeadLetters, Ledger} }

// Blob describes one stored object.
type Blob struct {
	Name        string // with its container: uploads/2026112408/…
	Size        int64
	ETag        string // opaque; changes with the content
	ContentType string
	Created     time.Time // by storage's own clock
	// Uncommitted marks an upload that was begun in blocks and never finished: it has no content to read, but storage
	// holds its bytes. Only List shows such blobs.
	Uncommitted bool
}

// Blobs stores document bytes. A successful Put or Delete is durable on return. An absent blob is a fault of kind
// NotFound; a store that does not answer is Unavailable.
type Blobs interface {
	// Put writes a whole blob, replacing an old one. Nothing is visible under the name until all of it is stored, and a
	// failed or cancelled Put leaves nothing behind that List does not show. CheckBlob says what it refuses; the other
	// methods take every name that List shows. An error of r is in the chain of the one returned.
	Put(ctx context.Context, name, contentType string, r io.Reader) (Blob, error)
	// Create is Put for a name that must not exist: fault.AlreadyExists if it does, with r read in part or not at all. Of
	// several calls at once one succeeds.
	Create(ctx context.Context, name, contentType string, r io.Reader) (Blob, error)
	// Get opens a blob for reading from its start. A blob that changes while it is read gives an error, never mixed bytes.
	Get(ctx context.Context, name string) (io.ReadCloser, Blob, error)
	// GetRange reads length bytes from offset of the version that etag names; CheckRange says what it refuses. Any other version,
	// older or newer, is a fault.ETagMismatch, at once or while it is read: the bytes are never of two versions. What lies
	// beyond the end is left out, so that a range which begins there is empty; else there are never fewer bytes without an
	// error, and never more.
	GetRange(ctx context.Context, name, etag string, offset, length int64) (io.ReadCloser, error)
	// Stat describes a blob without reading it.
	Stat(ctx context.Context, name string) (Blob, error)
	// Delete removes a blob and every copy that hangs on it: snapshots, versions, uncommitted blocks. Deleting an absent
	// blob succeeds.
	Delete(ctx context.Context, name string) error
	// List returns up to limit blobs whose names begin with prefix and come after the name after, in order of names.
	// prefix begins with a container and a slash; names compare byte by byte. Fewer than limit means the end. Not every store
	// lists content types: ContentType may be empty.
	List(ctx context.Context, prefix, after string, limit int) ([]Blob, error)
}

// Opener is what a store offers whose blobs are files already: no copy is made for the engine.
type Opener interface {
	// Open opens a blob as a file for reading.
	Open(ctx context.Context, name string) (*os.File, Blob, error)
}

// Link is a signed URL and what a client must send with it.
type Link struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers,omitempty"`
	Expires time.Time         `json:"expires"`
}

// Linker signs short-lived links to single blobs.
type Linker interface {
	// UploadLink allows one creation of the named blob, no overwrite and no reading, until expires. A size above 0 is how many
	// bytes it will have: where the store can be made to, it refuses any other length. 0 is for one that is not known.
	UploadLink(ctx context.Context, name string, size int64, expires time.Time) (Link, error)
	// DownloadLink allows reading the named blob until expires.
	DownloadLink(ctx context.Context, name string, expires time.Time) (Link, error)
}

// Remnants is what a store offers that can keep copies which List does not show.
type Remnants interface {
	// Remnants counts snapshots, versions and soft-deleted copies of blobs whose names begin with prefix.
	Remnants(ctx context.Context, prefix string) (int, error)
}

// Staging is what a store offers that keeps what is being written in files of its own until it is whole.
type Staging interface {
	// Discard removes what is being written under names that begin with prefix and was begun before the time, zero for
	// whenever it was; whoever still writes it fails. It returns how many there were.
	Discard(ctx context.Context, prefix string, before time.Time) (int, error)
	// Staged counts what is being written under names that begin with prefix, and the files of such blobs that this process
	// holds open, whether they still have a name or not.
	Staged(ctx context.Context, prefix string) (written, open int, err error)
}
