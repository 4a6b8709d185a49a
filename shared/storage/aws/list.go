package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// pageSize is the most that S3 lists at once.
const pageSize = 1000

// List shows objects and, as Uncommitted, names under which there are only uploads in parts. S3 lists no content types.
func (b *Blobs) List(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	if err := storage.CheckList(prefix, limit); err != nil {
		return nil, err
	}
	found, err := b.objects(ctx, prefix, after, limit)
	if err != nil {
		return nil, err
	}
	unfinished, err := b.unfinished(ctx, prefix, after, limit)
	if err != nil {
		return nil, err
	}
	for _, u := range unfinished {
		at, exists := slices.BinarySearchFunc(found, u, func(a, b storage.Blob) int { return strings.Compare(a.Name, b.Name) })
		if !exists {
			found = slices.Insert(found, at, u)
		}
	}
	return found[:min(limit, len(found))], nil
}

func (b *Blobs) objects(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	var found []storage.Blob
	in := &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &prefix}
	if after != "" {
		in.StartAfter = &after
	}
	for {
		in.MaxKeys = atMost(limit - len(found))
		page, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, classify(err)
		}
		for _, o := range page.Contents {
			found = append(found, describe(sdk.ToString(o.Key), o.Size, o.ETag, nil, o.LastModified))
		}
		if len(found) >= limit || page.NextContinuationToken == nil {
			return found, nil
		}
		in.ContinuationToken = page.NextContinuationToken
	}
}

// unfinished returns one blob for each name that has uploads in parts, dated by the oldest of them.
func (b *Blobs) unfinished(ctx context.Context, prefix, after string, limit int) ([]storage.Blob, error) {
	var found []storage.Blob
	err := b.uploads(ctx, prefix, after, func(u s3types.MultipartUpload) bool {
		name, begun := sdk.ToString(u.Key), sdk.ToTime(u.Initiated).UTC()
		if last := len(found) - 1; last >= 0 && found[last].Name == name {
			found[last].Created = earlier(found[last].Created, begun)
			return true
		}
		if len(found) == limit {
			return false
		}
		found = append(found, storage.Blob{Name: name, Created: begun, Uncommitted: true})
		return true
	})
	return found, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// uploads calls visit for the uploads in parts under names that begin with prefix and come after a name, in order of names, until
// it returns false.
func (b *Blobs) uploads(ctx context.Context, prefix, after string, visit func(s3types.MultipartUpload) bool) error {
	in := &s3.ListMultipartUploadsInput{Bucket: &b.bucket, Prefix: &prefix}
	if after != "" {
		in.KeyMarker = &after
	}
	for {
		page, err := b.client.ListMultipartUploads(ctx, in)
		if err != nil {
			return classify(err)
		}
		for _, u := range page.Uploads {
			if !visit(u) {
				return nil
			}
		}
		if !sdk.ToBool(page.IsTruncated) {
			return nil
		}
		in.KeyMarker, in.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
	}
}

// Delete aborts every upload in parts of the name and removes every version of it, the current one last: List shows the name
// until nothing else is left, and no earlier version takes its place meanwhile.
func (b *Blobs) Delete(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := b.abortAll(ctx, name); err != nil {
		return err
	}
	var current []version
	err := b.versions(ctx, name, func(v version) error {
		if v.name != name {
			return errEnough
		}
		if v.current {
			current = append(current, v)
			return nil
		}
		return b.remove(ctx, v)
	})
	if err != nil {
		return err
	}
	for _, v := range current {
		if err := b.remove(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

func (b *Blobs) remove(ctx context.Context, v version) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: &v.name, VersionId: v.id})
	if code(err) == "NoSuchVersion" || errors.Is(classify(err), fault.NotFound) {
		return nil
	}
	return classify(err)
}

// abortAll ends the uploads in parts of exactly this name.
func (b *Blobs) abortAll(ctx context.Context, name string) error {
	var ids []*string
	err := b.uploads(ctx, name, "", func(u s3types.MultipartUpload) bool {
		if sdk.ToString(u.Key) != name {
			return false // names are in order: all of this one come first
		}
		ids = append(ids, u.UploadId)
		return true
	})
	for _, id := range ids {
		if err == nil {
			err = b.abort(ctx, name, id)
		}
	}
	return err
}

func (b *Blobs) abort(ctx context.Context, name string, upload *string) error {
	_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.bucket, Key: &name, UploadId: upload})
	if err = classify(err); errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// version is one of an object, or a mark that it was deleted.
type version struct {
	name    string
	id      *string
	current bool
	deleted bool
}

// errEnough ends a listing early.
var errEnough = errors.New("enough")

// versions calls visit for every version below a prefix, in order of names.
func (b *Blobs) versions(ctx context.Context, prefix string, visit func(version) error) error {
	in := &s3.ListObjectVersionsInput{Bucket: &b.bucket, Prefix: &prefix}
	for {
		page, err := b.client.ListObjectVersions(ctx, in)
		if err != nil {
			return classify(err)
		}
		var found []version
		for _, v := range page.Versions {
			found = append(found, version{name: sdk.ToString(v.Key), id: v.VersionId, current: sdk.ToBool(v.IsLatest)})
		}
		for _, d := range page.DeleteMarkers {
			found = append(found, version{name: sdk.ToString(d.Key), id: d.VersionId, current: sdk.ToBool(d.IsLatest), deleted: true})
		}
		slices.SortStableFunc(found, func(a, b version) int { return strings.Compare(a.name, b.name) })
		for _, v := range found {
			if err := visit(v); errors.Is(err, errEnough) {
				return nil
			} else if err != nil {
				return err
			}
		}
		if !sdk.ToBool(page.IsTruncated) {
			return nil
		}
		in.KeyMarker, in.VersionIdMarker = page.NextKeyMarker, page.NextVersionIdMarker
	}
}

// Remnants counts earlier versions and marks of deletion. It costs a listing of the prefix.
func (b *Blobs) Remnants(ctx context.Context, prefix string) (int, error) {
	if err := storage.CheckList(prefix, 1); err != nil {
		return 0, err
	}
	n := 0
	err := b.versions(ctx, prefix, func(v version) error {
		if !v.current || v.deleted {
			n++
		}
		return nil
	})
	return n, err
}

func atMost(limit int) *int32 {
	return sdk.Int32(int32(min(limit, pageSize))) //nolint:gosec // at most pageSize
}
