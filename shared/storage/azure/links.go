package azure

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	clockSkew  = 5 * time.Minute // how far the service's clock may be behind ours
	keyLife    = 6 * time.Hour   // of a delegation key; Azure allows 7 days
	keyRenewal = 2 * time.Hour   // a key that expires sooner is renewed; longer than any link
)

// regionKey is the container metadata that a deployment writes.
const regionKey = "region"

// Links signs user delegation SAS: with a key that the identity is lent for some hours, so no account key exists. The key
// is cached and renewed long before it ends.
type Links struct {
	service *service.Client
	shared  bool // an emulator: signed with its public key
	now     func() time.Time

	mu   sync.Mutex
	key  *service.UserDelegationCredential // guarded by mu
	ends time.Time                         // of key; guarded by mu
}

var _ storage.Linker = (*Links)(nil)

// Address is what links begin with.
func (l *Links) Address() string { return l.service.URL() }

// UploadLink allows one Put Blob, or staging and committing blocks, of a name that does not exist: permission "create"
// alone refuses to overwrite. A signature cannot bind a length: another one is refused when the document is taken in.
func (l *Links) UploadLink(ctx context.Context, name string, _ int64, expires time.Time) (storage.Link, error) {
	link, err := l.sign(ctx, name, expires, sas.BlobPermissions{Create: true})
	link.Method = "PUT"
	link.Headers = map[string]string{"x-ms-blob-type": "BlockBlob"}
	return link, err
}

// DownloadLink allows reading.
func (l *Links) DownloadLink(ctx context.Context, name string, expires time.Time) (storage.Link, error) {
	link, err := l.sign(ctx, name, expires, sas.BlobPermissions{Read: true})
	link.Method = "GET"
	return link, err
}

func (l *Links) sign(ctx context.Context, name string, expires time.Time, may sas.BlobPermissions) (storage.Link, error) {
	c, rest, err := split(name)
	if err != nil {
		return storage.Link{}, err
	}
	expires = expires.UTC().Truncate(time.Second)
	values := sas.BlobSignatureValues{
		Protocol:      sas.ProtocolHTTPS,
		StartTime:     l.now().UTC().Add(-clockSkew),
		ExpiryTime:    expires,
		ContainerName: c,
		BlobName:      rest,
		Permissions:   may.String(),
	}
	client := l.service.NewContainerClient(c).NewBlobClient(rest)
	if l.shared {
		if strings.HasPrefix(client.URL(), "http://") {
			values.Protocol = sas.ProtocolHTTPSandHTTP
		}
		url, err := client.GetSASURL(may, expires, nil)
		if err != nil {
			return storage.Link{}, fmt.Errorf("sign link: %w", storage.Plainly(err))
		}
		return storage.Link{URL: url, Expires: expires}, nil
	}
	key, err := l.delegation(ctx, expires)
	if err != nil {
		return storage.Link{}, err
	}
	query, err := values.SignWithUserDelegation(key)
	if err != nil {
		return storage.Link{}, fmt.Errorf("sign link: %w", storage.Plainly(err))
	}
	return storage.Link{URL: client.URL() + "?" + query.Encode(), Expires: expires}, nil
}

// delegation returns a key that outlasts the link.
func (l *Links) delegation(ctx context.Context, expires time.Time) (*service.UserDelegationCredential, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now().UTC()
	if l.key != nil && now.Add(keyRenewal).Before(l.ends) && expires.Before(l.ends) {
		return l.key, nil
	}
	ends := now.Add(keyLife)
	if expires.After(ends) {
		ends = expires.Add(clockSkew)
	}
	key, err := l.service.GetUserDelegationCredential(ctx, service.KeyInfo{
		Start:  to.Ptr(now.Add(-clockSkew).Format(sas.TimeFormat)),
		Expiry: to.Ptr(ends.Format(sas.TimeFormat)),
	}, nil)
	if err != nil {
		return nil, classify(err)
	}
	l.key, l.ends = key, ends
	return key, nil
}

func containerOptions(region string) *container.CreateOptions {
	return &container.CreateOptions{Metadata: map[string]*string{regionKey: &region}}
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }
