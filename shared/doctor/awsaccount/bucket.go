package awsaccount

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// ask asks for one setting of the bucket. absent is what S3 answers if it was never set, which is an answer too: then got is the zero
// value.
func ask[T any](v *view, action, absent string, check doctor.Check, call func() (*T, error)) (got *T, seen bool) {
	got, err := call()
	switch {
	case err == nil:
		return got, true
	case absent != "" && code(err) == absent:
		return new(T), true
	default:
		v.missed(action, err, check)
		return nil, false
	}
}

func (p *Probe) bucket(ctx context.Context, v *view) {
	b := &p.cfg.Stamp.Bucket
	p.place(ctx, v)
	if out, ok := ask(v, "s3:GetBucketVersioning", "", doctor.BucketVersioning, func() (*s3.GetBucketVersioningOutput, error) {
		return p.s3().GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b})
	}); ok {
		v.Bucket.Versioning = sdk.String(string(out.Status))
	}
	if out, ok := ask(v, "s3:GetBucketObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", doctor.BucketLock, func() (*s3.GetObjectLockConfigurationOutput, error) {
		return p.s3().GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: b})
	}); ok {
		v.Bucket.Lock = sdk.Bool(out.ObjectLockConfiguration != nil && out.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled)
	}
	if p.cfg.Stamp.Emulated {
		return
	}
	p.kept(ctx, v)
	p.closed(ctx, v)
	p.cors(ctx, v)
	p.told(ctx, v)
	p.copies(ctx, v)
}

// place reads which region the bucket names, and the clock from the same answer.
func (p *Probe) place(ctx context.Context, v *view) {
	b := &p.cfg.Stamp.Bucket
	began := p.cfg.Now()
	out, err := p.s3().GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})
	ended := p.cfg.Now()
	switch {
	case err == nil:
		for _, tag := range out.TagSet {
			if sdk.ToString(tag.Key) == "region" {
				v.Bucket.Tag = sdk.ToString(tag.Value)
			}
		}
		if date, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
			v.Skew = sdk.Duration(date.Sub(began.Add(ended.Sub(began) / 2)))
		}
	case code(err) != "NoSuchTagSet":
		v.missed("s3:GetBucketTagging", err, doctor.StampRegion, doctor.StampClock)
	}
	if p.cfg.Stamp.Emulated {
		return // an emulator is anywhere
	}
	if out, ok := ask(v, "s3:GetBucketLocation", "", doctor.StampRegion, func() (*s3.GetBucketLocationOutput, error) {
		return p.s3().GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b})
	}); ok {
		v.Bucket.Location = string(out.LocationConstraint)
		switch v.Bucket.Location { // as it was named before regions had names
		case "":
			v.Bucket.Location = "us-east-1"
		case "EU":
			v.Bucket.Location = "eu-west-1"
		}
	}
}

// kept reads what the bucket does with what is deleted, and how it keeps the rest.
func (p *Probe) kept(ctx context.Context, v *view) {
	b := &p.cfg.Stamp.Bucket
	if out, ok := ask(v, "s3:GetReplicationConfiguration", "ReplicationConfigurationNotFoundError", doctor.BucketReplication, func() (*s3.GetBucketReplicationOutput, error) {
		return p.s3().GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: b})
	}); ok {
		v.Bucket.Replicated = sdk.Bool(out.ReplicationConfiguration != nil && len(out.ReplicationConfiguration.Rules) > 0)
	}
	if out, ok := ask(v, "s3:GetLifecycleConfiguration", "NoSuchLifecycleConfiguration", doctor.BucketLifecycle, func() (*s3.GetBucketLifecycleConfigurationOutput, error) {
		return p.s3().GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b})
	}); ok {
		v.Bucket.Rules = rules(out.Rules)
	}
	if out, ok := ask(v, "s3:GetEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError", doctor.StampEncryption, func() (*s3.GetBucketEncryptionOutput, error) {
		return p.s3().GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b})
	}); ok {
		v.Bucket.Encryption = &doctor.AWSEncryption{Plain: true}
		if c := out.ServerSideEncryptionConfiguration; c != nil && len(c.Rules) > 0 && c.Rules[0].ApplyServerSideEncryptionByDefault != nil {
			by := c.Rules[0].ApplyServerSideEncryptionByDefault
			v.Bucket.Encryption = &doctor.AWSEncryption{Own: by.SSEAlgorithm != types.ServerSideEncryptionAes256, Key: sdk.ToString(by.KMSMasterKeyID)}
		}
	}
}

// rules reads the lifecycle rules that are on.
func rules(from []types.LifecycleRule) *[]doctor.AWSRule {
	all := []doctor.AWSRule{}
	for _, r := range from {
		if r.Status != types.ExpirationStatusEnabled {
			continue
		}
		rule := doctor.AWSRule{Prefix: sdk.ToString(r.Prefix)} //nolint:staticcheck // the form that rules had before filters still counts
		if f := r.Filter; f != nil {
			rule.Narrowed = f.Tag != nil || f.ObjectSizeGreaterThan != nil || f.ObjectSizeLessThan != nil
			if f.Prefix != nil {
				rule.Prefix = *f.Prefix
			}
			if f.And != nil {
				rule.Prefix = sdk.ToString(f.And.Prefix)
				rule.Narrowed = true // And is there to narrow a prefix
			}
		}
		if e := r.Expiration; e != nil {
			rule.Days, rule.ByDate = int(sdk.ToInt32(e.Days)), e.Date != nil
		}
		if a := r.AbortIncompleteMultipartUpload; a != nil {
			rule.Abort = int(sdk.ToInt32(a.DaysAfterInitiation))
		}
		all = append(all, rule)
	}
	return &all
}

// closed reads who may come to the bucket.
func (p *Probe) closed(ctx context.Context, v *view) {
	b := &p.cfg.Stamp.Bucket
	if out, ok := ask(v, "s3:GetBucketPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration", doctor.BucketPublic, func() (*s3.GetPublicAccessBlockOutput, error) {
		return p.s3().GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})
	}); ok {
		c := out.PublicAccessBlockConfiguration
		if c == nil {
			c = &types.PublicAccessBlockConfiguration{}
		}
		open := []string{}
		for _, s := range []struct {
			name string
			on   *bool
		}{
			{"BlockPublicAcls", c.BlockPublicAcls}, {"IgnorePublicAcls", c.IgnorePublicAcls}, {"BlockPublicPolicy", c.BlockPublicPolicy}, {"RestrictPublicBuckets", c.RestrictPublicBuckets},
		} {
			if !sdk.ToBool(s.on) {
				open = append(open, s.name)
			}
		}
		v.Bucket.Open = &open
	}
	if out, ok := ask(v, "s3:GetBucketOwnershipControls", "OwnershipControlsNotFoundError", doctor.BucketOwner, func() (*s3.GetBucketOwnershipControlsOutput, error) {
		return p.s3().GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b})
	}); ok {
		v.Bucket.Ownership = new("")
		if c := out.OwnershipControls; c != nil && len(c.Rules) > 0 {
			v.Bucket.Ownership = sdk.String(string(c.Rules[0].ObjectOwnership))
		}
	}
	if out, ok := ask(v, "s3:GetBucketPolicy", "NoSuchBucketPolicy", doctor.BucketPolicy, func() (*s3.GetBucketPolicyOutput, error) {
		return p.s3().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b})
	}); ok {
		v.Bucket.Policy = sdk.String(sdk.ToString(out.Policy))
	}
}

// cors reads which pages' scripts may use links.
func (p *Probe) cors(ctx context.Context, v *view) {
	out, ok := ask(v, "s3:GetBucketCORS", "NoSuchCORSConfiguration", doctor.BucketCORS, func() (*s3.GetBucketCorsOutput, error) {
		return p.s3().GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &p.cfg.Stamp.Bucket})
	})
	if !ok {
		return
	}
	rules := []doctor.CORSRule{}
	for _, r := range out.CORSRules {
		rules = append(rules, doctor.CORSRule{Origins: r.AllowedOrigins, Methods: r.AllowedMethods})
	}
	v.Bucket.CORS = &rules
}

// told reads who hears of objects.
func (p *Probe) told(ctx context.Context, v *view) {
	out, ok := ask(v, "s3:GetBucketNotification", "", doctor.BucketEvents, func() (*s3.GetBucketNotificationConfigurationOutput, error) {
		return p.s3().GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &p.cfg.Stamp.Bucket})
	})
	if !ok {
		return
	}
	events := &doctor.AWSEvents{}
	for _, q := range out.QueueConfigurations {
		events.Queues = append(events.Queues, p.cfg.Stamp.Resource(sdk.ToString(q.QueueArn)))
	}
	for _, t := range out.TopicConfigurations {
		events.Others = append(events.Others, sdk.ToString(t.TopicArn))
	}
	for _, f := range out.LambdaFunctionConfigurations {
		events.Others = append(events.Others, sdk.ToString(f.LambdaFunctionArn))
	}
	if out.EventBridgeConfiguration != nil {
		events.Others = append(events.Others, "EventBridge")
	}
	v.Bucket.Events = events
}

// copies reads what opens the bucket another way, or writes names of objects elsewhere.
func (p *Probe) copies(ctx context.Context, v *view) {
	b := &p.cfg.Stamp.Bucket
	found := []string{}
	const check = doctor.BucketCopies
	if out, ok := ask(v, "s3:GetInventoryConfiguration", "", check, func() (*s3.ListBucketInventoryConfigurationsOutput, error) {
		return p.s3().ListBucketInventoryConfigurations(ctx, &s3.ListBucketInventoryConfigurationsInput{Bucket: b})
	}); ok && len(out.InventoryConfigurationList) > 0 {
		found = append(found, "an inventory lists all objects")
	}
	if out, ok := ask(v, "s3:GetAnalyticsConfiguration", "", check, func() (*s3.ListBucketAnalyticsConfigurationsOutput, error) {
		return p.s3().ListBucketAnalyticsConfigurations(ctx, &s3.ListBucketAnalyticsConfigurationsInput{Bucket: b})
	}); ok && len(out.AnalyticsConfigurationList) > 0 {
		found = append(found, "analytics watch the objects")
	}
	if out, ok := ask(v, "s3:GetBucketMetadataTableConfiguration", "MetadataConfigurationNotFound", check, func() (*s3.GetBucketMetadataConfigurationOutput, error) {
		return p.s3().GetBucketMetadataConfiguration(ctx, &s3.GetBucketMetadataConfigurationInput{Bucket: b})
	}); ok && out.GetBucketMetadataConfigurationResult != nil {
		found = append(found, "a metadata table keeps every object's name")
	}
	if out, ok := ask(v, "s3:GetBucketLogging", "", check, func() (*s3.GetBucketLoggingOutput, error) {
		return p.s3().GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: b})
	}); ok && out.LoggingEnabled != nil {
		found = append(found, "requests are logged into the bucket "+sdk.ToString(out.LoggingEnabled.TargetBucket))
	}
	if out, ok := ask(v, "s3:GetBucketWebsite", "NoSuchWebsiteConfiguration", check, func() (*s3.GetBucketWebsiteOutput, error) {
		return p.s3().GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: b})
	}); ok && (out.IndexDocument != nil || out.RedirectAllRequestsTo != nil) {
		found = append(found, "a website serves the objects")
	}
	points, err := p.accessPoints(ctx)
	if err != nil {
		v.missed("s3:ListAccessPoints", err, check)
	} else if points > 0 {
		found = append(found, fmt.Sprintf("%d access points", points))
	}
	v.Bucket.Copies = &found
}

// emptySHA256 is the hash of a request without a body.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// accessPoints counts the access points of the bucket. They are listed by S3 Control, of which this is the one call: its module would
// weigh more than the request.
func (p *Probe) accessPoints(ctx context.Context) (int, error) {
	s := p.cfg.Stamp
	if s.Account == "" {
		return 0, errors.New("the account is not known")
	}
	host := fmt.Sprintf("%s.s3-control.%s.%s", s.Account, s.Region, domain(s.Region))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/v20180820/accesspoint?bucket="+s.Bucket, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Amz-Account-Id", s.Account)
	req.Header.Set("X-Amz-Content-Sha256", emptySHA256)
	as, err := p.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return 0, err
	}
	if err := v4.NewSigner().SignHTTP(ctx, as, req, emptySHA256, "s3", s.Region, p.cfg.Now()); err != nil {
		return 0, err
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		XMLName xml.Name
		Points  []string `xml:"AccessPointList>AccessPoint>Name"`
		Error   string   `xml:"Error>Code"`
		Code    string   `xml:"Code"`
	}
	if err := xml.NewDecoder(http.MaxBytesReader(nil, resp.Body, 1<<20)).Decode(&answer); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, &smithy.GenericAPIError{Code: answer.Error + answer.Code}
	}
	return len(answer.Points), nil
}

// domain is that of the partition that a region belongs to.
func domain(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}
