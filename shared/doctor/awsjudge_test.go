package doctor_test

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

const (
	bucketARN = "arn:aws:s3:::lethe-documents"
	queueARN  = "arn:aws:sqs:eu-central-1:111122223333:lethe-eu-central-1-"
)

// tlsOnly is a policy that refuses plain HTTP, with more statements.
func tlsOnly(action, resources, more string) string {
	return `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"` + action + `","Resource":` + resources +
		`,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}` + more + `]}`
}

func bucketPolicy(more string) string {
	return tlsOnly("s3:*", `["`+bucketARN+`","`+bucketARN+`/*"]`, more)
}

func queuePolicy(queue, more string) string { return tlsOnly("sqs:*", `"`+queueARN+queue+`"`, more) }

const fromBucket = `,{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + queueARN + `uploads",
	"Condition":{"ArnEquals":{"aws:SourceArn":"` + bucketARN + `"}}}`

// roleOf is a role with the rights of the table.
func roleOf(function string) doctor.AWSRole {
	service := "lambda.amazonaws.com"
	if function == doctor.ScheduleRole {
		service = "scheduler.amazonaws.com"
	}
	type statement struct {
		Effect           string
		Action, Resource []string
	}
	var document struct{ Statement []statement }
	for _, r := range doctor.AWSRights(function) {
		if r.When == doctor.WithVPC {
			continue
		}
		var arns []string
		for _, on := range r.On {
			arns = append(arns, names.ARN(on))
		}
		document.Statement = append(document.Statement, statement{"Allow", r.Actions, arns})
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return doctor.AWSRole{
		Function: function, Seen: true, Policies: []string{string(text)},
		Trust: `{"Statement":{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}}`,
	}
}

// healthyAWS is a stamp as it should be, with a key of the operator's.
func healthyAWS() doctor.AWS {
	off := func() *bool { return new(bool) }
	none := func() *[]string { return &[]string{} }
	key := func() *doctor.AWSEncryption { return &doctor.AWSEncryption{Own: true, Key: names.KeyARN} }
	rule := func(container string, days int) doctor.AWSRule {
		return doctor.AWSRule{Prefix: container + "/", Days: days}
	}
	a := doctor.AWS{
		Bucket: doctor.AWSBucket{
			Tag: names.Region, Location: names.Region, Versioning: new(""), Lock: off(), Replicated: off(), Encryption: key(),
			Rules: &[]doctor.AWSRule{
				rule(storage.Uploads, 2), rule(storage.Work, 2), rule(storage.Results, 1), rule(storage.DeadLetters, 2), {Abort: 1},
			},
			Open: none(), Ownership: new("BucketOwnerEnforced"), Policy: new(bucketPolicy("")), Copies: none(),
			Events: &doctor.AWSEvents{Queues: []doctor.AWSResource{"queue/uploads"}}, CORS: pageRule(),
		},
		Sources: &[]doctor.AWSSource{}, Forwards: none(), Skew: new(time.Second),
		Logs:   &[]doctor.AWSLogGroup{{Name: names.LogGroup(), Days: 30}, {Name: "/aws/cloudtrail/lethe-eu-central-1", Days: 731}},
		Caller: &doctor.AWSCaller{ARN: "arn:aws:sts::111122223333:assumed-role/lethe-eu-central-1-retention/x", Session: true},
	}
	for _, t := range dueindex.Tables() {
		a.Tables = append(a.Tables, doctor.AWSTable{
			Name: t, Keys: []string{"pk", "sk"}, Recovery: off(), Stream: off(), Kinesis: off(), Insights: off(), Expiry: off(), Backups: new(0),
			Replicas: none(), Indexes: none(), Encryption: key(), Policy: new(""), Protected: new(true),
		})
	}
	for _, q := range []string{"uploads", "requeue", "poison", "notify"} {
		queue := doctor.AWSQueue{
			Name: q, Seen: true, Retention: 48 * time.Hour, Visibility: 90 * time.Minute, DeadLetters: "queue/poison", Receives: 5, Encryption: key(),
			Policy: queuePolicy(q, ""),
		}
		switch q {
		case "uploads":
			queue.Policy = queuePolicy(q, fromBucket)
		case "poison":
			queue.DeadLetters = ""
		}
		a.Queues = append(a.Queues, queue)
		*a.Sources = append(*a.Sources, doctor.AWSSource{
			From: doctor.AWSResource("queue/" + q), To: doctor.AWSResource("function/" + doctor.AWSQueues()[q]), Enabled: true, PartialBatch: true,
		})
	}
	for _, f := range doctor.AWSFunctions() {
		function := doctor.AWSFunction{
			Name: f, Seen: true, Runtime: "provided.al2023", Architecture: "x86_64", Handler: f, Package: "Zip", Role: doctor.AWSResource("role/" + f),
			TimeOut: 15 * time.Minute, LogGroup: names.LogGroup(), Destinations: none(), Reserved: new(2), URL: &doctor.AWSURL{}, Policy: new(""),
			Environment: map[string]string{
				"LETHE_REGION": names.Region, "LETHE_AWS_BUCKET": names.Bucket, "LETHE_AWS_TABLES": names.Tables, "LETHE_AWS_SIGNING_KEY": names.SecretARN,
				"LETHE_WORKERS": f,
			},
		}
		setPage(function.Environment, page())
		if f == doctor.APIFunction {
			function.URL = &doctor.AWSURL{Auth: "NONE", Mode: "RESPONSE_STREAM"}
			function.Policy = new(`{"Statement":[
				{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}},
				{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}}]}`)
		}
		a.Functions = append(a.Functions, function)
		a.Roles = append(a.Roles, roleOf(f))
	}
	a.Roles = append(a.Roles, roleOf(doctor.ScheduleRole))
	return a
}

// spoiledAWS are cases of a stamp on AWS.
func spoiledAWS() []spoiling {
	bucket := func(name string, check doctor.Check, spoil func(*doctor.AWSBucket)) spoiling {
		return spoiling{name, func(f *facts) { spoil(&f.aws.Bucket) }, check, doctor.Breach}
	}
	table := func(name string, check doctor.Check, spoil func(*doctor.AWSTable)) spoiling {
		return spoiling{name, func(f *facts) { spoil(&f.aws.Tables[3]) }, check, doctor.Breach}
	}
	queue := func(name string, i int, check doctor.Check, spoil func(*doctor.AWSQueue)) spoiling {
		return spoiling{name, func(f *facts) { spoil(&f.aws.Queues[i]) }, check, doctor.Breach}
	}
	function := func(name string, i int, check doctor.Check, spoil func(*doctor.AWSFunction)) spoiling {
		return spoiling{name, func(f *facts) { spoil(&f.aws.Functions[i]) }, check, doctor.Breach}
	}
	source := func(name string, spoil func(*doctor.AWSSource)) spoiling {
		return spoiling{name, func(f *facts) { spoil(&(*f.aws.Sources)[0]) }, doctor.FunctionEvents, doctor.Breach}
	}
	role := func(name string, check doctor.Check, spoil func(*doctor.AWSRole)) spoiling {
		return spoiling{name, func(f *facts) { spoil(&f.aws.Roles[1]) }, check, doctor.Breach}
	}
	with := func(s spoiling, want doctor.Outcome) spoiling { s.want = want; return s }
	const api, ocr, retentionOf = 0, 1, 4
	return slices.Concat([]spoiling{
		bucket("bucket elsewhere", doctor.StampRegion, func(b *doctor.AWSBucket) { b.Location = "us-east-1" }),
		bucket("tag of another region", doctor.StampRegion, func(b *doctor.AWSBucket) { b.Tag = "us-east-1" }),
		with(bucket("no tag", doctor.StampRegion, func(b *doctor.AWSBucket) { b.Tag = "" }), doctor.Unknown),
		{"function elsewhere", func(f *facts) { f.onAWS.Platform = "us-east-1" }, doctor.StampRegion, doctor.Breach},
		bucket("another key", doctor.StampEncryption, func(b *doctor.AWSBucket) { b.Encryption.Key = "arn:aws:kms:eu-central-1:111122223333:key/2" }),
		bucket("the service's key", doctor.StampEncryption, func(b *doctor.AWSBucket) { *b.Encryption = doctor.AWSEncryption{} }),
		table("a table with the service's key", doctor.StampEncryption, func(t *doctor.AWSTable) { *t.Encryption = doctor.AWSEncryption{} }),
		with(table("encryption not seen", doctor.StampEncryption, func(t *doctor.AWSTable) { t.Encryption = nil }), doctor.Unknown),
		{"clock ahead", func(f *facts) { f.aws.Skew = new(time.Minute) }, doctor.StampClock, doctor.Breach},

		bucket("versions", doctor.BucketVersioning, func(b *doctor.AWSBucket) { b.Versioning = new("Enabled") }),
		bucket("versions of before", doctor.BucketVersioning, func(b *doctor.AWSBucket) { b.Versioning = new("Suspended") }),
		bucket("locked", doctor.BucketLock, func(b *doctor.AWSBucket) { *b.Lock = true }),
		bucket("replicated", doctor.BucketReplication, func(b *doctor.AWSBucket) { *b.Replicated = true }),
		bucket("no rules", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { b.Rules = &[]doctor.AWSRule{} }),
		bucket("a day early", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { (*b.Rules)[0].Days = 1 }),
		bucket("a day late", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { (*b.Rules)[2].Days = 2 }),
		bucket("at a date", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { (*b.Rules)[0].Days, (*b.Rules)[0].ByDate = 0, true }),
		bucket("by tag", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { (*b.Rules)[0].Narrowed = true }),
		bucket("the ledger", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { *b.Rules = append(*b.Rules, doctor.AWSRule{Prefix: "ledger/", Days: 365}) }),
		bucket("unfinished uploads stay", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { (*b.Rules)[4].Abort = 0 }),
		bucket("unfinished uploads stay a week", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { (*b.Rules)[4].Abort = 7 }),
		bucket("unfinished results stay", doctor.BucketLifecycle, func(b *doctor.AWSBucket) { (*b.Rules)[4].Prefix = "uploads/" }),
		bucket("public", doctor.BucketPublic, func(b *doctor.AWSBucket) { b.Open = &[]string{"BlockPublicPolicy"} }),
		bucket("access lists", doctor.BucketOwner, func(b *doctor.AWSBucket) { b.Ownership = new("ObjectWriter") }),
		bucket("no policy", doctor.BucketPolicy, func(b *doctor.AWSBucket) { b.Policy = new("") }),
		bucket("plain HTTP to objects", doctor.BucketPolicy, func(b *doctor.AWSBucket) { b.Policy = new(tlsOnly("s3:*", `["`+bucketARN+`"]`, "")) }),
		bucket("plain HTTP to read", doctor.BucketPolicy, func(b *doctor.AWSBucket) {
			b.Policy = new(tlsOnly("s3:PutObject", `["`+bucketARN+`","`+bucketARN+`/*"]`, ""))
		}),
		bucket("plain HTTP from somewhere", doctor.BucketPolicy, func(b *doctor.AWSBucket) {
			b.Policy = new(`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["` + bucketARN + `","` + bucketARN +
				`/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`)
		}),
		bucket("somebody let in", doctor.BucketPolicy, func(b *doctor.AWSBucket) {
			b.Policy = new(bucketPolicy(`,{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999922223333:root"},"Action":"s3:GetObject","Resource":"` + bucketARN + `/*"}`))
		}),
		with(bucket("more denied", doctor.BucketPolicy, func(b *doctor.AWSBucket) {
			b.Policy = new(bucketPolicy(`,{"Effect":"Deny","Principal":"*","Action":"s3:PutObjectAcl","Resource":"` + bucketARN + `/*"}`))
		}), doctor.OK),
		bucket("an inventory", doctor.BucketCopies, func(b *doctor.AWSBucket) { b.Copies = &[]string{"an inventory"} }),
		{"inventories not seen", func(f *facts) { f.aws.Unseen = map[doctor.Check]string{doctor.BucketCopies: "refused"} }, doctor.BucketCopies, doctor.Unknown},
		{"an inventory, the rest not seen", func(f *facts) {
			f.aws.Unseen, f.aws.Bucket.Copies = map[doctor.Check]string{doctor.BucketCopies: "refused"}, &[]string{"an inventory"}
		}, doctor.BucketCopies, doctor.Breach},
		bucket("another queue", doctor.BucketEvents, func(b *doctor.AWSBucket) { b.Events.Queues = append(b.Events.Queues, "arn:aws:sqs:x") }),
		bucket("a topic", doctor.BucketEvents, func(b *doctor.AWSBucket) { b.Events.Others = []string{"a topic"} }),
		bucket("no queue", doctor.BucketEvents, func(b *doctor.AWSBucket) { b.Events.Queues = nil }),
	}, []spoiling{
		table("a table absent", doctor.Tables, func(t *doctor.AWSTable) { t.Absent = true }),
		table("other keys", doctor.Tables, func(t *doctor.AWSTable) { t.Keys = []string{"id"} }),
		table("restorable", doctor.TableRecovery, func(t *doctor.AWSTable) { *t.Recovery = true }),
		with(table("recovery of one not seen", doctor.TableRecovery, func(t *doctor.AWSTable) { t.Recovery = nil }), doctor.Unknown),
		table("backups", doctor.TableBackups, func(t *doctor.AWSTable) { *t.Backups = 1 }),
		table("a stream", doctor.TableStreams, func(t *doctor.AWSTable) { *t.Stream = true }),
		table("to Kinesis", doctor.TableStreams, func(t *doctor.AWSTable) { *t.Kinesis = true }),
		table("contributor insights", doctor.TableStreams, func(t *doctor.AWSTable) { *t.Insights = true }),
		table("time to live", doctor.TableExpiry, func(t *doctor.AWSTable) { *t.Expiry = true }),
		table("replicas", doctor.TableReplicas, func(t *doctor.AWSTable) { t.Replicas = &[]string{"us-east-1"} }),
		table("an index", doctor.TableIndexes, func(t *doctor.AWSTable) { t.Indexes = &[]string{"due"} }),
		table("a policy", doctor.TablePolicy, func(t *doctor.AWSTable) { t.Policy = new("{}") }),
		table("unprotected", doctor.TableProtection, func(t *doctor.AWSTable) { *t.Protected = false }),

		queue("no dead letters", 0, doctor.QueueDeadLetters, func(q *doctor.AWSQueue) { q.DeadLetters = "" }),
		queue("dead letters elsewhere", 0, doctor.QueueDeadLetters, func(q *doctor.AWSQueue) { q.DeadLetters = "arn:aws:sqs:x" }),
		queue("webhooks without dead letters", 3, doctor.QueueDeadLetters, func(q *doctor.AWSQueue) { q.DeadLetters = "" }),
		queue("one attempt", 1, doctor.QueueDeadLetters, func(q *doctor.AWSQueue) { q.Receives = 1 }),
		queue("a thousand attempts", 1, doctor.QueueDeadLetters, func(q *doctor.AWSQueue) { q.Receives = 1000 }),
		queue("dead letters of dead letters", 2, doctor.QueueDeadLetters, func(q *doctor.AWSQueue) { q.DeadLetters = "queue/uploads" }),
		queue("fourteen days", 2, doctor.QueueRetention, func(q *doctor.AWSQueue) { q.Retention = 14 * 24 * time.Hour }),
		queue("a minute", 1, doctor.QueueRetention, func(q *doctor.AWSQueue) { q.Retention = time.Minute }),
		{"messages beyond shorter clocks", func(f *facts) {
			f.onAWS.Policy.Unprocessed = 47 * time.Hour // still two days
		}, doctor.QueueRetention, doctor.Breach},
		queue("everybody may send", 1, doctor.QueuePolicy, func(q *doctor.AWSQueue) {
			q.Policy = queuePolicy("requeue", `,{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}`)
		}),
		queue("any bucket may send", 0, doctor.QueuePolicy, func(q *doctor.AWSQueue) {
			q.Policy = queuePolicy("uploads", `,{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}`)
		}),
		queue("no policy of a queue", 2, doctor.QueuePolicy, func(q *doctor.AWSQueue) { q.Policy = "" }),
		queue("in the clear", 2, doctor.StampEncryption, func(q *doctor.AWSQueue) { *q.Encryption = doctor.AWSEncryption{Plain: true} }),

		function("another runtime", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Runtime = "python3.13" }),
		function("another architecture", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Architecture = "arm64" }),
		function("an image", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Package = "Image" }),
		function("another handler", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Handler = "api" }),
		function("another role", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Role = "role/api" }),
		function("a layer", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Layers = []string{"x"} }),
		function("a file system", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Keeps = []string{"a file system"} }),
		function("traced", ocr, doctor.FunctionCode, func(f *doctor.AWSFunction) { f.Traced = true }),
		function("the signing key", api, doctor.FunctionSettings, func(f *doctor.AWSFunction) { f.Environment["LETHE_AWS_SIGNING_KEY"] = "PRIVATE+KEY+x" }),
		function("an access key", api, doctor.FunctionSettings, func(f *doctor.AWSFunction) { f.Environment["X"] = "AKIAIOSFODNN7EXAMPLE" }),
		function("another deadline", ocr, doctor.FunctionSettings, func(f *doctor.AWSFunction) { f.Environment["LETHE_RETAIN_PROCESSED"] = "1h" }),
		function("another bucket", ocr, doctor.FunctionSettings, func(f *doctor.AWSFunction) { f.Environment["LETHE_AWS_BUCKET"] = "x" }),
		{"endpoints of all", func(f *facts) {
			for i := range f.aws.Functions {
				f.aws.Functions[i].Environment["AWS_ENDPOINT_URL_S3"] = "https://example.org"
			}
		}, doctor.FunctionSettings, doctor.Breach},
		function("a log of its own", ocr, doctor.FunctionSettings, func(f *doctor.AWSFunction) { f.LogGroup = "/aws/lambda/other" }),
		function("never started", ocr, doctor.FunctionConcurrency, func(f *doctor.AWSFunction) { *f.Reserved = 0 }),
		with(function("retention shares", retentionOf, doctor.FunctionConcurrency, func(f *doctor.AWSFunction) { *f.Reserved = -1 }), doctor.Unknown),
		with(function("ocr shares", ocr, doctor.FunctionConcurrency, func(f *doctor.AWSFunction) { *f.Reserved = -1 }), doctor.OK),
		with(function("concurrency not seen", ocr, doctor.FunctionConcurrency, func(f *doctor.AWSFunction) { f.Reserved = nil }), doctor.Unknown),
		function("another URL", ocr, doctor.FunctionURL, func(f *doctor.AWSFunction) { f.URL.Auth = "NONE" }),
		function("no URL", api, doctor.FunctionURL, func(f *doctor.AWSFunction) { f.URL.Auth = "" }),
		function("a URL for signed calls", api, doctor.FunctionURL, func(f *doctor.AWSFunction) { f.URL.Auth = "AWS_IAM" }),
		function("no stream", api, doctor.FunctionURL, func(f *doctor.AWSFunction) { f.URL.Mode = "BUFFERED" }),
		function("other sites", api, doctor.FunctionURL, func(f *doctor.AWSFunction) { f.URL.CORS = true }),
		function("results elsewhere", ocr, doctor.FunctionURL, func(f *doctor.AWSFunction) { f.Destinations = &[]string{"arn:aws:sns:x"} }),
		function("failed events elsewhere", retentionOf, doctor.FunctionURL, func(f *doctor.AWSFunction) { f.DeadLetters = "arn:aws:sns:x" }),
		function("called by others", ocr, doctor.FunctionURL, func(f *doctor.AWSFunction) {
			f.Policy = new(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction"}]}`)
		}),
		function("called past the URL", api, doctor.FunctionURL, func(f *doctor.AWSFunction) {
			f.Policy = new(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction"}]}`)
		}),
		source("switched off", func(s *doctor.AWSSource) { s.Enabled = false }),
		source("whole batches", func(s *doctor.AWSSource) { s.PartialBatch = false }),
		source("failures elsewhere", func(s *doctor.AWSSource) { s.Failures = []string{"arn:aws:sns:x"} }),
		source("another queue's function", func(s *doctor.AWSSource) { s.To = "function/requeue" }),
		{"a stream calls a function", func(f *facts) {
			*f.aws.Sources = append(*f.aws.Sources, doctor.AWSSource{From: "arn:aws:kinesis:x", To: "function/ocr", Enabled: true, PartialBatch: true})
		}, doctor.FunctionEvents, doctor.Breach},
		queue("shown again too early", 0, doctor.FunctionEvents, func(q *doctor.AWSQueue) { q.Visibility = time.Hour }),
	}, []spoiling{
		{"a log for ever", func(f *facts) { (*f.aws.Logs)[1].Days = 0 }, doctor.LogRetention, doctor.Breach},
		{"a log for ten years", func(f *facts) { (*f.aws.Logs)[0].Days = 3653 }, doctor.LogRetention, doctor.Breach},
		{"no log", func(f *facts) { f.aws.Logs = &[]doctor.AWSLogGroup{} }, doctor.LogRetention, doctor.Breach},
		{"a subscription", func(f *facts) { f.aws.Forwards = &[]string{"x"} }, doctor.LogForwards, doctor.Breach},
		{"subscriptions of the account not seen", func(f *facts) { f.aws.Unseen = map[doctor.Check]string{doctor.LogForwards: "refused"} }, doctor.LogForwards, doctor.Unknown},

		role("everything", doctor.RoleRights, func(r *doctor.AWSRole) {
			r.Policies = append(r.Policies, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
		}),
		role("a policy of AWS's own", doctor.RoleRights, func(r *doctor.AWSRole) { r.Managed = []string{"AmazonS3FullAccess"} }),
		role("nothing", doctor.RoleRights, func(r *doctor.AWSRole) { r.Policies = nil }),
		role("a policy that is none", doctor.RoleRights, func(r *doctor.AWSRole) { r.Policies = append(r.Policies, "x") }),
		with(role("a policy not read", doctor.RoleRights, func(r *doctor.AWSRole) { r.Unread, r.Policies = []string{"store"}, nil }), doctor.Unknown),
		role("too much, the rest not read", doctor.RoleRights, func(r *doctor.AWSRole) {
			r.Unread, r.Policies = []string{"store"}, []string{`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`}
		}),
		{"a role absent", func(f *facts) { f.aws.Roles[6] = doctor.AWSRole{Function: doctor.ScheduleRole, Absent: true} }, doctor.RoleRights, doctor.Breach},
		role("another service", doctor.RoleTrust, func(r *doctor.AWSRole) {
			r.Trust = `{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
		}),
		role("somebody too", doctor.RoleTrust, func(r *doctor.AWSRole) {
			r.Trust = `{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com","AWS":"111122223333"},"Action":"sts:AssumeRole"}}`
		}),
		{"rights of webhooks without these", func(f *facts) {
			f.onAWS.Webhooks = false
			f.aws.Roles, f.aws.Functions = append(f.aws.Roles[:5:5], f.aws.Roles[6]), f.aws.Functions[:5]
			f.aws.Queues, f.aws.Sources = f.aws.Queues[:3], new((*f.aws.Sources)[:3])
		}, doctor.RoleRights, doctor.Breach},
		{"a queue of webhooks without these", func(f *facts) { f.onAWS.Webhooks, f.aws.Roles = false, f.aws.Roles[6:] }, doctor.FunctionEvents, doctor.Breach},
		{"a user", func(f *facts) { f.aws.Caller.ARN = "arn:aws:iam::111122223333:user/x" }, doctor.Identity, doctor.Breach},
		{"the account", func(f *facts) { f.aws.Caller.ARN = "arn:aws:iam::111122223333:root" }, doctor.Identity, doctor.Breach},
		{"a role of another function", func(f *facts) { f.onAWS.Role = "lethe-eu-central-1-api" }, doctor.Identity, doctor.Breach},
		{"a role of another account", func(f *facts) {
			f.aws.Caller.ARN = "arn:aws:sts::999922223333:assumed-role/lethe-eu-central-1-retention/x"
		}, doctor.Identity, doctor.Breach},
		{"no session token", func(f *facts) { f.aws.Caller.Session = false }, doctor.Identity, doctor.Breach},
		{"any role from outside", func(f *facts) { f.onAWS.Role = "" }, doctor.Identity, doctor.OK},
	})
}
