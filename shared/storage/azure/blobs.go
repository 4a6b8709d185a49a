package azure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// blockSize is what an upload holds in memory. Smaller blobs are written by one request.
const blockSize = 4 << 20

// pageSize is the most blobs that the service lists at once.
const pageSize = 5000

// Blobs implements storage.Blobs.
type Blobs struct {
	service  *service.Client
	emulated bool // an emulator refuses to list versions, and keeps none
}

var (
	_ storage.Blobs    = (*Blobs)(nil)
	_ storage.Remnants = (*Blobs)(nil)
)

// split separates the container from the name within it.
func split(name string) (containerName, rest string, err error) {
	containerName, rest, ok := strings.Cut(name, "/")
	if !ok || rest == "" {
		return "", "", fault.New(fault.BadField, "a blob name begins with a container and a slash")
	}
	return containerName, rest, nil
}

func (b *Blobs) client(name string) (*blockblob.Client, error) {
	c, rest, err := split(name)
	if err != nil {
		return nil, err
	}
	return b.service.NewContainerClient(c).NewBlockBlobClient(rest), nil
}

// Put writes a small blob by one request. A larger one is staged in blocks and becomes visible when they are committed;
// after a failure its blocks stay staged, and List shows them.
func (b *Blobs) Put(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	return b.put(ctx, name, contentType, r, nil)
}

// Create is Put for a name that must not exist. Of two that stage blocks at once the first commit discards the blocks of the
// other, whose own commit then fails.
func (b *Blobs) Create(ctx context.Context, name, contentType string, r io.Reader) (storage.Blob, error) {
	absent := &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
	stored, err := b.put(ctx, name, contentType, r, absent)
	if errors.Is(err, fault.Unavailable) {
		if _, lost := b.Stat(ctx, name); lost == nil {
			return storage.Blob{}, storage.Existing(err)
		}
	}
	return stored, err
}

func (b *Blobs) put(ctx context.Context, name, contentType string, r io.Reader, only *blob.AccessConditions) (storage.Blob, error) {
	if err := storage.CheckBlob(name, contentType); err != nil {
		return storage.Blob{}, err
	}
	client, err := b.client(name)
	if err != nil {
		return storage.Blob{}, err
	}
	first := make([]byte, blockSize)
	n, err := io.ReadFull(r, first)
	headers := &blob.HTTPHeaders{BlobContentType: &contentType}
	stored := storage.Blob{Name: name, ContentType: contentType}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		body := streaming.NopCloser(bytes.NewReader(first[:n]))
		resp, err := client.Upload(ctx, body, &blockblob.UploadOptions{HTTPHeaders: headers, AccessConditions: only})
		if err != nil {
			return storage.Blob{}, classify(err)
		}
		stored.Size, stored.ETag, stored.Created = int64(n), etag(resp.ETag), *resp.LastModified
		return stored, nil
	case err != nil:
		return storage.Blob{}, fmt.Errorf("read what is to be stored: %w", err)
	}
	counted := &counter{r: io.MultiReader(bytes.NewReader(first), r)}
	resp, err := client.UploadStream(ctx, counted, &blockblob.UploadStreamOptions{
		BlockSize: blockSize, Concurrency: 1, HTTPHeaders: headers, AccessConditions: only,
	})
	if counted.err != nil {
		return storage.Blob{}, fmt.Errorf("read what is to be stored: %w", counted.err)
	}
	if err != nil {
		return storage.Blob{}, classify(err)
	}
	stored.Size, stored.ETag, stored.Created = counted.n, etag(resp.ETag), *resp.LastModified
	return stored, nil
}

// counter counts bytes and remembers why reading ended.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// Get streams a blob. A broken connection is taken up again under the ETag of the first answer.
func (b *Blobs) Get(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
	client, err := b.client(name)
	if err != nil {
		return nil, storage.Blob{}, err
	}
	resp, err := client.DownloadStream(ctx, nil)
	if err != nil {
		return nil, storage.Blob{}, classify(err)
	}
	found := storage.Blob{
		Name:        name,
		Size:        *resp.ContentLength,
		ETag:        etag(resp.ETag),
		ContentType: value(resp.ContentType),
		Created:     created(resp.CreationTime, resp.LastModified),
	}
	return &body{resp.NewRetryReader(ctx, nil)}, found, nil
}

// GetRange streams a part of a blob under its ETag, also after a broken connection.
func (b *Blobs) GetRange(ctx context.Context, name, version string, offset, length int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(version, offset, length); err != nil {
		return nil, err
	}
	client, err := b.client(name)
	if err != nil {
		return nil, err
	}
	resp, err := client.DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: offset, Count: length},
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: quoted(version)}},
	})
	if bloberror.HasCode(err, bloberror.ConditionNotMet, bloberror.InvalidRange) {
		return storage.Unsatisfied(ctx, b, name, version, offset)
	}
	if err != nil {
		return nil, classify(err)
	}
	if err := storage.CheckPartial(value(resp.ContentRange), offset); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return storage.Head(&body{resp.NewRetryReader(ctx, nil)}, length), nil
}

// body classifies errors that come while a blob is read.
type body struct{ io.ReadCloser }

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = classify(err)
	}
	return n, err
}

// Stat reads a blob's properties.
func (b *Blobs) Stat(ctx context.Context, name string) (storage.Blob, error) {
	client, err := b.client(name)
	if err != nil {
		return storage.Blob{}, err
	}
	resp, err := client.GetProperties(ctx, nil)
	if err != nil {
		return storage.Blob{}, classify(err)
	}
	return storage.Blob{
		Name:        name,
		Size:        *resp.ContentLength,
		ETag:        etag(resp.ETag),
		ContentType: value(resp.ContentType),
		Created:     created(resp.CreationTime, resp.LastModified),
	}, nil
}

// Delete removes a blob with its snapshots. A name that has only staged blocks is 404 to the service although it holds
// their bytes: an empty blob written over them discards them, and is deleted in turn.
func (b *Blobs) Delete(ctx context.Context, name string) error {
	client, err := b.client(name)
	if err != nil {
		return err
	}
	err = b.delete(ctx, client)
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	staged, err := b.staged(ctx, name)
	if err != nil || !staged {
		return err
	}
	if _, err := client.Upload(ctx, streaming.NopCloser(bytes.NewReader(nil)), nil); err != nil {
		return classify(err)
	}
	if err := b.delete(ctx, client); !errors.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

func (b *Blobs) delete(ctx context.Context, client *blockblob.Client) error {
	_, err := client.Delete(ctx, &blob.DeleteOptions{DeleteSnapshots: to.Ptr(blob.DeleteSnapshotsOptionTypeInclude)})
	return classify(err)
}

// staged reports whether the name holds blocks that were never committed.
func (b *Blobs) staged(ctx context.Context, name string) (bool, error) {
	found, err := b.List(ctx, name, "", 1)
	return err == nil && len(found) == 1 && found[0].Name == name, err
}

// List shows blobs and, as Uncommitted, names that hold only staged blocks.
func (b *Blobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	if err := storage.CheckList(prefix, limit); err != nil {
		return nil, err
	}
	c, rest, _ := strings.Cut(prefix, "/")
	opt := &container.ListBlobsFlatOptions{
		Prefix:     &rest,
		MaxResults: to.Ptr(int32(min(limit, pageSize))), //nolint:gosec // at most pageSize
		Include:    container.ListBlobsInclude{UncommittedBlobs: true},
	}
	if from, ok := strings.CutPrefix(after, c+"/"); ok {
		opt.StartFrom = &from                                  // includes the name itself, which is skipped below
		opt.MaxResults = to.Ptr(int32(min(limit+1, pageSize))) //nolint:gosec // at most pageSize
	}
	var found []storage.Blob
	pager := b.service.NewContainerClient(c).NewListBlobsFlatPager(opt)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, classify(err)
		}
		for _, item := range page.Segment.BlobItems {
			name := c + "/" + *item.Name
			if name <= after {
				continue
			}
			if found = append(found, describe(name, item)); len(found) == limit {
				return found, nil
			}
		}
	}
	return found, nil
}

// Remnants counts what the account keeps of blobs beside the blobs themselves. It costs a listing of the prefix.
func (b *Blobs) Remnants(ctx context.Context, prefix string) (int, error) {
	if err := storage.CheckList(prefix, 1); err != nil {
		return 0, err
	}
	c, rest, _ := strings.Cut(prefix, "/")
	include := container.ListBlobsInclude{Snapshots: true, Deleted: true, Versions: !b.emulated}
	pager := b.service.NewContainerClient(c).NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &rest, Include: include})
	n := 0
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return 0, classify(err)
		}
		for _, item := range page.Segment.BlobItems {
			old := item.IsCurrentVersion == nil || !*item.IsCurrentVersion
			if item.Snapshot != nil && *item.Snapshot != "" || item.Deleted != nil && *item.Deleted || item.VersionID != nil && old {
				n++
			}
		}
	}
	return n, nil
}

func describe(name string, item *container.BlobItem) storage.Blob {
	p := item.Properties
	found := storage.Blob{
		Name:        name,
		ContentType: value(p.ContentType),
		Created:     created(p.CreationTime, p.LastModified),
		ETag:        etag(p.ETag),
	}
	// Staged blocks are listed without ETag and content type by the service, without content type by the emulator. Every
	// committed blob has one: the service's own default if the client gave none.
	found.Uncommitted = found.ETag == "" || found.ContentType == ""
	if p.ContentLength != nil {
		found.Size = *p.ContentLength
	}
	return found
}

// etag takes the quotes off, which headers have and listings lack.
func etag(e *azcore.ETag) string {
	if e == nil {
		return ""
	}
	return strings.Trim(string(*e), `"`)
}

// quoted puts the quotes of a header on.
func quoted(etag string) *azcore.ETag { return to.Ptr(azcore.ETag(`"` + etag + `"`)) }

func created(creation, modified *time.Time) time.Time {
	switch {
	case creation != nil:
		return creation.UTC()
	case modified != nil:
		return modified.UTC()
	default:
		return time.Time{}
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
