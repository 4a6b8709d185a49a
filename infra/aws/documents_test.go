package aws_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// key is whether the stamp has a key of the operator's.
func (s stamp) key() bool { return s.parameters["CustomerKey"] == "true" }

// private is whether the functions run in a network of their own.
func (s stamp) private() bool { return s.parameters["PrivateNetwork"] == "true" }

// watched is whether reads and changes are recorded.
func (s stamp) watched() bool { return s.parameters["AccessTrail"] != "false" }

// limit is how long an object of a container may exist.
func (s stamp) limit(container string) time.Duration {
	name, usual := "UnprocessedHours", 48*time.Hour
	if container == storage.Results {
		name, usual = "ProcessedHours", 24*time.Hour
	}
	if v := s.parameters[name]; v != "" {
		usual, _ = time.ParseDuration(v + "h")
	}
	return usual
}

// told is whether applications are told by webhooks.
func (s stamp) told() bool { return s.parameters["Webhooks"] == "true" }

// functions and queues are those of the stamp.
func (s stamp) functions() []string { return doctor.StampAWS{Webhooks: s.told()}.Functions() }

func (s stamp) queues() map[string]string { return doctor.StampAWS{Webhooks: s.told()}.Queues() }

// functionRoles are the ARNs of the roles of the functions that work on tasks.
func (s stamp) functionRoles() []string {
	return slices.DeleteFunc(s.allRoles(), func(role string) bool { return strings.HasSuffix(role, "-"+doctor.NotifyFunction) })
}

// allRoles are those of every function.
func (s stamp) allRoles() []string {
	var all []string
	for _, f := range s.functions() {
		all = append(all, arn(roles, s.region, "lethe-"+s.region+"-"+f))
	}
	return all
}

// bucketARN is that of the bucket of documents.
func (s stamp) bucketARN() string {
	return "arn:aws:s3:::" + s.resources["Bucket"].str("Properties.BucketName")
}

func documentRules() []rule {
	const life = "LifecycleConfiguration.Rules"
	statement := func(s stamp, sid string) resource {
		return s.resources["BucketPolicy"].statements("Properties.PolicyDocument")[sid]
	}
	// denies compares a statement of the bucket's policy with what it must be.
	denies := func(name, sid string, actions []string, on string, condition func(stamp) any, path string, wrong any) rule {
		return rule{
			name: name,
			check: func(s stamp) []string {
				st := statement(s, sid)
				want := []string{s.bucketARN() + on}
				if on == "" {
					want = append(want, s.bucketARN()+"/*")
				}
				if st.str("Effect") != "Deny" || st["Principal"] != "*" || !same(condition(s), st["Condition"]) {
					return []string{fmt.Sprint(sid, " is ", st)}
				}
				return append(differ("actions", texts(st["Action"]), actions), differ("resources", texts(st["Resource"]), want)...)
			},
			broken: func(s stamp) {
				for i, v := range s.resources["BucketPolicy"].list("Properties.PolicyDocument.Statement") {
					if resource(v.(map[string]any))["Sid"] == sid {
						s.set("BucketPolicy", fmt.Sprintf("PolicyDocument.Statement.%d.%s", i, path), wrong)
					}
				}
			},
		}
	}
	fixed := func(v any) func(stamp) any { return func(stamp) any { return v } }
	object := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	return []rule{
		{
			name: "lifecycle rules erase a document never before its deadline and as soon after as whole days allow",
			check: func(s stamp) []string {
				return s.eachLife(func(id string, r resource) string {
					days, _ := r["ExpirationInDays"].(float64)
					life, limit := time.Duration(days)*24*time.Hour, s.limit(id)
					if life < limit || life-24*time.Hour >= limit {
						return fmt.Sprintf("%v days for a limit of %v", days, limit)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("Bucket", life+".0.ExpirationInDays", 3.0) },
		},
		{
			name: "scripts of the page's origin alone may use links, and nobody's where there is no page",
			check: func(s stamp) []string {
				var wrong []string
				for id, r := range s.of(buckets) {
					var want any
					if origin := s.parameter("PageOrigin", ""); origin != "" && id == "Bucket" {
						want = map[string]any{"CorsRules": []any{map[string]any{
							"Id": "page", "AllowedOrigins": []any{origin}, "AllowedMethods": []any{"PUT", "GET"},
							"AllowedHeaders": []any{"content-type", "if-none-match", "range"}, "MaxAge": 300,
						}}}
					}
					if got := r.at("Properties.CorsConfiguration"); !same(want, got) {
						wrong = append(wrong, fmt.Sprint(id, " allows ", got))
					}
				}
				return wrong
			},
			broken: func(s stamp) {
				s.set("Bucket", "CorsConfiguration", map[string]any{"CorsRules": []any{map[string]any{"AllowedOrigins": []any{"*"}, "AllowedMethods": []any{"GET"}}}})
			},
		},
		{
			name: "lifecycle rules are on, go by prefix alone and leave no version",
			check: func(s stamp) []string {
				return s.eachLife(func(id string, r resource) string {
					want := map[string]any{
						"Id": id, "Status": "Enabled", "Prefix": id + "/", "ExpirationInDays": r["ExpirationInDays"],
						"NoncurrentVersionExpiration": map[string]any{"NoncurrentDays": 1},
					}
					if !same(want, map[string]any(r)) {
						return fmt.Sprint(r)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("Bucket", life+".1.Status", "Disabled") },
		},
		{
			name: "lifecycle rules cover what holds documents and spare the ledger; unfinished uploads end everywhere",
			check: func(s stamp) []string {
				var got []string
				for _, v := range s.resources["Bucket"].list("Properties." + life) {
					r := resource(v.(map[string]any))
					if r["Id"] == "unfinished" && !same(map[string]any{
						"Id": "unfinished", "Status": "Enabled", "Prefix": "", "AbortIncompleteMultipartUpload": map[string]any{"DaysAfterInitiation": 1},
					}, map[string]any(r)) {
						return []string{fmt.Sprint(r)}
					}
					got = append(got, text(r["Id"]))
				}
				want := slices.DeleteFunc(storage.Containers(), func(c string) bool { return c == storage.Ledger })
				return differ("rules", got, append(want, "unfinished"))
			},
			broken: func(s stamp) { s.set("Bucket", life+".4.AbortIncompleteMultipartUpload.DaysAfterInitiation", 7) },
		},
		{
			name: "the bucket is encrypted with the operator's key, or with S3's own",
			check: func(s stamp) []string {
				want := map[string]any{"SSEAlgorithm": "AES256"}
				if s.key() {
					want = map[string]any{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn(keys, s.region, "Key")}
				}
				at := "Properties.BucketEncryption.ServerSideEncryptionConfiguration.0."
				if got := s.resources["Bucket"].at(at + "ServerSideEncryptionByDefault"); !same(want, got) || s.resources["Bucket"].at(at+"BucketKeyEnabled") != s.key() {
					return []string{fmt.Sprint(got)}
				}
				return nil
			},
			broken: func(s stamp) {
				s.set("Bucket", "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kms:dsse")
			},
		},
		{
			name: "an upload, and nothing else, is told to the queue of uploads",
			check: func(s stamp) []string {
				want := map[string]any{"QueueConfigurations": []any{map[string]any{
					"Event": "s3:ObjectCreated:*", "Queue": arn(queues, s.region, "lethe-"+s.region+"-uploads"),
					"Filter": map[string]any{"S3Key": map[string]any{"Rules": []any{map[string]any{"Name": "prefix", "Value": storage.Uploads + "/"}}}},
				}}}
				if got := s.resources["Bucket"].at("Properties.NotificationConfiguration"); !same(want, got) {
					return []string{fmt.Sprint(got)}
				}
				return nil
			},
			broken: func(s stamp) {
				s.set("Bucket", "NotificationConfiguration.QueueConfigurations.0.Event", "s3:ObjectCreated:Put")
			},
		},
		denies("the bucket refuses plain HTTP", "TLSOnly", []string{"s3:*"}, "", fixed(object("Bool", object("aws:SecureTransport", "false"))), "Effect", "Allow"),
		denies("the bucket refuses old TLS", "CurrentTLSOnly", []string{"s3:*"}, "", fixed(object("NumericLessThan", object("s3:TlsVersion", "1.2"))),
			"Condition.NumericLessThan.s3:TlsVersion", "1.0"),
		denies("only the functions and their links read and write objects", "FunctionsOnly", []string{
			"s3:GetObject", "s3:GetObjectAttributes", "s3:GetObjectTagging", "s3:GetObjectTorrent", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging", "s3:RestoreObject",
		}, "/*", func(s stamp) any { return object("ArnNotEquals", object("aws:PrincipalArn", s.functionRoles())) },
			"Condition.ArnNotEquals.aws:PrincipalArn.5", "arn:aws:iam::"+account+":role/administrator"),
		denies("an upload is created and never replaced", "CreateOnly", []string{"s3:PutObject"}, "/"+storage.Uploads+"/*",
			fixed(object("Bool", object("s3:ObjectCreationOperation", "true"), "Null", object("s3:if-none-match", "true"))), "Condition.Bool.s3:ObjectCreationOperation", "false"),
		denies("no object has an access list or a lock", "NoCopyByACL", []string{"s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutObjectLegalHold", "s3:PutObjectRetention"}, "/*",
			fixed(nil), "Action.0", "s3:PutObjectTagging"),
		denies("an object is encrypted like the bucket", "NoOtherEncryption", []string{"s3:PutObject"}, "/*", func(s stamp) any {
			algorithm := "AES256"
			if s.key() {
				algorithm = "aws:kms"
			}
			return object("StringNotEquals", object("s3:x-amz-server-side-encryption", algorithm), "Null", object("s3:x-amz-server-side-encryption", "false"))
		}, "Condition.Null", nil),
		denies("no object is encrypted with a key that the caller keeps", "NoKeyOfTheCaller", []string{"s3:PutObject"}, "/*",
			fixed(object("Null", object("s3:x-amz-server-side-encryption-customer-algorithm", "false"))), "Resource", "arn:aws:s3:::other/*"),
		denies("no object is encrypted with a foreign key", "NoOtherKey", []string{"s3:PutObject"}, "/*", func(s stamp) any {
			if s.key() {
				return object("ArnNotEquals", object("s3:x-amz-server-side-encryption-aws-kms-key-id", arn(keys, s.region, "Key")), "Null", object("s3:x-amz-server-side-encryption-aws-kms-key-id", "false"))
			}
			return object("Null", object("s3:x-amz-server-side-encryption-aws-kms-key-id", "false"))
		}, "Principal", map[string]any{"AWS": account}),
		{
			name: "with a private network links work from inside and from the addresses that are named",
			check: func(s stamp) []string {
				st := statement(s, "PrivateNetworkOnly")
				if !s.private() {
					if st != nil {
						return []string{"the open stamp is closed"}
					}
					return nil
				}
				want := map[string]any{
					"Sid": "PrivateNetworkOnly", "Effect": "Deny", "Principal": "*", "Action": []string{"s3:GetObject", "s3:PutObject"}, "Resource": s.bucketARN() + "/*",
					"Condition": map[string]any{
						"StringNotEquals": map[string]any{"aws:SourceVpc": "Network"},
						"NotIpAddress":    map[string]any{"aws:SourceIp": strings.Split(s.parameters["ClientAddresses"], ",")},
					},
				}
				if !same(want, map[string]any(st)) {
					return []string{fmt.Sprint(st)}
				}
				return nil
			},
			broken: func(s stamp) {
				if s.private() {
					s.set("BucketPolicy", "PolicyDocument.Statement.8.Condition.StringNotEquals.aws:SourceVpc", "vpc-other")
				}
			},
		},
		{
			name: "the bucket's policy refuses and allows nothing, and there are no other buckets than of documents and of the trail",
			check: func(s stamp) []string {
				wrong := differ("statements", sids(s.resources["BucketPolicy"]), append([]string{
					"TLSOnly", "CurrentTLSOnly", "FunctionsOnly", "CreateOnly", "NoCopyByACL", "NoOtherEncryption", "NoKeyOfTheCaller", "NoOtherKey",
				}, map[bool][]string{true: {"PrivateNetworkOnly"}}[s.private()]...))
				want := []string{"Bucket"}
				if s.watched() {
					want = append(want, "TrailBucket")
				}
				return append(wrong, differ("buckets", s.ids(buckets), want)...)
			},
			broken: func(s stamp) {
				at := len(s.resources["BucketPolicy"].list("Properties.PolicyDocument.Statement"))
				s.set("BucketPolicy", fmt.Sprint("PolicyDocument.Statement.", at), map[string]any{"Sid": "Guests", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket"})
			},
		},
	}
}

// sids lists the statements of a resource's policy.
func sids(r resource) []string {
	var all []string
	for _, path := range []string{"Properties.PolicyDocument", "Properties.ResourcePolicy", "Properties.KeyPolicy"} {
		for sid := range r.statements(path) {
			all = append(all, sid)
		}
	}
	slices.Sort(all)
	return all
}

// eachLife looks at every lifecycle rule that erases objects.
func (s stamp) eachLife(check func(id string, r resource) string) []string {
	var wrong []string
	for _, v := range s.resources["Bucket"].list("Properties.LifecycleConfiguration.Rules") {
		r := resource(v.(map[string]any))
		if id := text(r["Id"]); id != "unfinished" {
			if finding := check(id, r); finding != "" {
				wrong = append(wrong, id+": "+finding)
			}
		}
	}
	return wrong
}
