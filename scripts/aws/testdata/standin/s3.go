package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
)

func (c *call) bucket(o options, operation string) (*model.Bucket, error) {
	name := o.get("bucket")
	if slices.Contains(c.world.Foreign, name) {
		return nil, failed("403", operation, "Forbidden")
	}
	b := c.world.Buckets[name]
	if b == nil {
		return nil, failed("404", operation, "Not Found")
	}
	return b, nil
}

func (c *call) headBucket(o options) (any, error) {
	_, err := c.bucket(o, "HeadBucket")
	return nil, err
}

func (c *call) createBucket(o options) (any, error) {
	if c.world.Buckets[o.get("bucket")] != nil || slices.Contains(c.world.Foreign, o.get("bucket")) {
		return nil, failed("BucketAlreadyExists", "CreateBucket", "The requested bucket name is not available.")
	}
	if o.get("create-bucket-configuration") != "LocationConstraint="+region {
		return nil, c.Violate("a bucket in another region")
	}
	c.Changes = true
	c.world.Buckets[o.get("bucket")] = &model.Bucket{Objects: map[string]model.Object{}, Uploads: map[string]string{}}
	return object{"Location": "http://" + o.get("bucket") + ".s3.amazonaws.com/"}, nil
}

func (c *call) deleteBucket(o options) (any, error) {
	b, err := c.bucket(o, "DeleteBucket")
	if err != nil {
		return nil, err
	}
	if len(b.Objects)+len(b.Uploads) > 0 {
		return nil, failed("BucketNotEmpty", "DeleteBucket", "The bucket you tried to delete is not empty")
	}
	c.Changes = true
	delete(c.world.Buckets, o.get("bucket"))
	return nil, nil
}

func (c *call) closeBucket(o options) (any, error) {
	b, err := c.bucket(o, "PutPublicAccessBlock")
	if err != nil {
		return nil, err
	}
	c.Changes = !b.Closed
	b.Closed = strings.Count(o.get("public-access-block-configuration"), "=true") == 4
	return nil, nil
}

func (c *call) putPolicy(o options) (any, error) {
	b, err := c.bucket(o, "PutBucketPolicy")
	if err != nil {
		return nil, err
	}
	text, err := readFile(o.get("policy"))
	if err != nil || !strings.Contains(string(text), "aws:SecureTransport") {
		return nil, failed("MalformedPolicy", "PutBucketPolicy", "no policy")
	}
	c.Changes = !b.Policy
	b.Policy = true
	return nil, nil
}

func (c *call) deletePolicy(o options) (any, error) {
	b, err := c.bucket(o, "DeleteBucketPolicy")
	if err != nil {
		return nil, err
	}
	c.Changes = b.Policy
	b.Policy = false
	return nil, nil
}

func (c *call) tagBucket(o options) (any, error) {
	_, err := c.bucket(o, "PutBucketTagging")
	return nil, err
}

// putObject keeps of a file what the stand-in needs.
func (c *call) putObject(o options) (any, error) {
	b, err := c.bucket(o, "PutObject")
	if err != nil {
		return nil, err
	}
	if !b.Closed {
		c.Note("something was put into a bucket before it was closed to the public")
	}
	content, err := os.ReadFile(o.get("body"))
	if err != nil {
		return nil, err
	}
	put := model.Object{SHA256: hash(content)}
	switch key := o.get("key"); {
	case key == "stamp.json":
		put.Text = string(content)
	case strings.HasSuffix(key, ".yaml"):
		put.Template = parse(string(content))
	case strings.HasSuffix(key, ".zip"):
		put.Program, err = programIn(content)
	}
	b.Objects[o.get("key")] = put
	c.Changes = true
	return object{"ETag": `"0"`}, err
}

// programIn returns the version of the program in a package.
func programIn(content []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return "", err
	}
	f, err := z.Open("bootstrap")
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(f)
	_, rest, _ := strings.Cut(string(text), "STANDIN_VERSION=")
	version, _, _ := strings.Cut(rest, " ")
	return version, err
}

// parse reads the names in a template.
func parse(text string) *model.Template {
	t := &model.Template{Parameters: map[string]*string{}, Resources: map[string]string{}}
	_, parameters, _ := strings.Cut(text, "\nParameters:\n")
	parameters = regexp.MustCompile(`\n[A-Z]`).Split(parameters, 2)[0]
	for _, m := range regexp.MustCompile(`(?m)^  (\w+):\n((?:    .*\n)+)`).FindAllStringSubmatch(parameters+"\n", -1) {
		t.Parameters[m[1]] = nil
		if d := regexp.MustCompile(`(?m)^    Default: '?(.*?)'?$`).FindStringSubmatch(m[2]); d != nil {
			t.Parameters[m[1]] = &d[1]
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+):\n    Type: (AWS::[\w:]+)`).FindAllStringSubmatch(text, -1) {
		t.Resources[m[1]] = m[2]
	}
	return t
}

func (c *call) getObject(o options) (any, error) {
	b, err := c.bucket(o, "GetObject")
	if err != nil {
		return nil, err
	}
	found, ok := b.Objects[o.get("key")]
	if !ok {
		return nil, failed("NoSuchKey", "GetObject", "The specified key does not exist.")
	}
	return object{"ContentLength": len(found.Text)}, os.WriteFile(o.get(""), []byte(found.Text), 0o600)
}

func (c *call) headObject(o options) (any, error) {
	b, err := c.bucket(o, "HeadObject")
	if err != nil {
		return nil, err
	}
	found, ok := b.Objects[o.get("key")]
	if !ok {
		return nil, failed("404", "HeadObject", "Not Found")
	}
	sum, err := hex.DecodeString(found.SHA256)
	return object{"ChecksumSHA256": base64.StdEncoding.EncodeToString(sum)}, err
}

func (c *call) listObjects(o options) (any, error) {
	b, err := c.bucket(o, "ListObjectsV2")
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(b.Objects)) {
		if strings.HasPrefix(key, o.get("prefix")) {
			return object{"Contents": []object{{"Key": key}}}, nil
		}
	}
	return nil, nil
}

func (c *call) listVersions(o options) (any, error) {
	b, err := c.bucket(o, "ListObjectVersions")
	if err != nil {
		return nil, err
	}
	all := []object{}
	for _, key := range slices.Sorted(maps.Keys(b.Objects)) {
		all = append(all, object{"Key": key, "VersionId": "null"})
	}
	return object{"Versions": all[:min(len(all), 2)]}, nil // a page
}

func (c *call) deleteObjects(o options) (any, error) {
	b, err := c.bucket(o, "DeleteObjects")
	if err != nil {
		return nil, err
	}
	var which struct {
		Objects []struct{ Key, VersionId string }
	} //nolint:revive // as AWS spells it
	if err := readJSON(o.get("delete"), &which); err != nil {
		return nil, err
	}
	for _, one := range which.Objects {
		delete(b.Objects, one.Key)
	}
	c.Changes = true
	return nil, nil
}

func (c *call) listUploads(o options) (any, error) {
	b, err := c.bucket(o, "ListMultipartUploads")
	if err != nil {
		return nil, err
	}
	all := []object{}
	for _, id := range slices.Sorted(maps.Keys(b.Uploads)) {
		all = append(all, object{"Key": b.Uploads[id], "UploadId": id})
	}
	if len(all) == 0 {
		return nil, nil
	}
	return object{"Uploads": all}, nil
}

func (c *call) abort(o options) (any, error) {
	b, err := c.bucket(o, "AbortMultipartUpload")
	if err != nil {
		return nil, err
	}
	if b.Policy && !strings.Contains(o.get("bucket"), "-code-") {
		return nil, failed("AccessDenied", "AbortMultipartUpload", "with an explicit deny in a resource-based policy")
	}
	c.Changes = true
	delete(b.Uploads, o.get("upload-id"))
	return nil, nil
}
