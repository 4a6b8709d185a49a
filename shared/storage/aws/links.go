package aws

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const (
	// longestLink is what S3 allows.
	longestLink = 7 * 24 * time.Hour
	// shortestSession is how long a session is taken to last that does not say when it ends, as those that Lambda puts into the
	// environment: it ends a sandbox long before. No link outlives its session.
	shortestSession = time.Hour
	// sessionMargin is how long before its end a session is not trusted any more: clocks differ.
	sessionMargin = time.Minute
)

// Links signs requests to S3 with the credentials of the role, so that whoever has a link may do that one thing.
type Links struct {
	config   Config
	identity sdk.CredentialsProvider
}

var _ storage.Linker = (*Links)(nil)

// Address is what links begin with; empty where the region has none.
func (l *Links) Address() string {
	found, err := l.bucket(context.Background()) // computed: nothing is sent
	if err != nil {
		return ""
	}
	return found.String()
}

// UploadLink allows one Put Object of a name that does not exist, and of exactly size bytes if that is above 0: the condition and
// the length are signed, so that a request without them is refused.
func (l *Links) UploadLink(ctx context.Context, name string, size int64, expires time.Time) (storage.Link, error) {
	headers := map[string]string{"If-None-Match": "*"}
	if size > 0 {
		headers["Content-Length"] = strconv.FormatInt(size, 10)
	}
	return l.sign(ctx, http.MethodPut, name, headers, expires)
}

// DownloadLink allows reading.
func (l *Links) DownloadLink(ctx context.Context, name string, expires time.Time) (storage.Link, error) {
	return l.sign(ctx, http.MethodGet, name, nil, expires)
}

// sign returns a link that ends when it is to, or earlier if the session of the credentials does: Expires says when.
func (l *Links) sign(ctx context.Context, method, name string, headers map[string]string, expires time.Time) (storage.Link, error) {
	if err := checkName(name); err != nil {
		return storage.Link{}, err
	}
	identity, err := l.identity.Retrieve(ctx)
	if err != nil {
		return storage.Link{}, storage.Unanswered(err, errLasting)
	}
	now := l.config.Now().UTC().Truncate(time.Second)
	ends := now.Add(shortestSession)
	if identity.CanExpire {
		ends = identity.Expires.Add(-sessionMargin)
	} else if l.config.emulated() {
		ends = expires // its keys are nobody's session
	}
	for _, bound := range []time.Time{expires, now.Add(longestLink)} {
		if bound.Before(ends) {
			ends = bound
		}
	}
	ends = ends.UTC().Truncate(time.Second)
	life := int(ends.Sub(now) / time.Second)
	if life < 1 {
		return storage.Link{}, fault.New(fault.StorageUnavailable, "a link that has ended already is not signed; try again")
	}
	target, err := l.target(ctx, name)
	if err != nil {
		return storage.Link{}, err
	}
	target.RawQuery = url.Values{"X-Amz-Expires": {strconv.Itoa(life)}}.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return storage.Link{}, fmt.Errorf("sign link: %w", storage.Plainly(err))
	}
	for header, value := range headers {
		req.Header.Set(header, value)
		if header == "Content-Length" { // which Go takes from here
			req.ContentLength, _ = strconv.ParseInt(value, 10, 64)
		}
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	signed, _, err := signer.PresignHTTP(ctx, identity, req, "UNSIGNED-PAYLOAD", "s3", l.config.Region, now)
	if err != nil {
		return storage.Link{}, fmt.Errorf("sign link: %w", storage.Plainly(err))
	}
	return storage.Link{URL: signed, Method: method, Headers: headers, Expires: ends}, nil
}

// target returns the URL of an object.
func (l *Links) target(ctx context.Context, name string) (*url.URL, error) {
	target, err := l.bucket(ctx)
	if err != nil {
		return nil, err
	}
	// Without a form of its own, so that every character is escaped that is escaped where the signature is checked.
	target.Path, target.RawPath = strings.TrimSuffix(target.Path, "/")+"/"+name, ""
	return target, nil
}

// bucket returns the URL of the bucket, as the SDK finds it for the region.
func (l *Links) bucket(ctx context.Context) (*url.URL, error) {
	found, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket: &l.config.Bucket, Region: &l.config.Region, Endpoint: endpoint(l.config.S3Endpoint), ForcePathStyle: sdk.Bool(l.config.emulated()),
	})
	if err != nil {
		return nil, fmt.Errorf("find the address of the bucket: %w", storage.Plainly(err))
	}
	return &found.URI, nil
}
