package doctor

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// Functions of a stamp on AWS, by the ends of their names: STACK-api and so on.
const (
	APIFunction       = "api"
	OCRFunction       = "ocr"
	RequeueFunction   = "requeue"
	PoisonFunction    = "poison"
	RetentionFunction = "retention"
	NotifyFunction    = "notify" // where webhooks are on
	// ScheduleRole is no function: EventBridge Scheduler calls retention with its role.
	ScheduleRole = "schedule"
)

// AWSFunctions lists the functions that a stamp on AWS can have. StampAWS.Functions lists those of one.
func AWSFunctions() []string {
	return []string{APIFunction, OCRFunction, RequeueFunction, PoisonFunction, RetentionFunction, NotifyFunction}
}

// AWSQueues lists the queues that a stamp on AWS can have, by the ends of their names, with the function that each one calls.
// StampAWS.Queues lists those of one.
func AWSQueues() map[string]string {
	return map[string]string{"uploads": OCRFunction, "requeue": RequeueFunction, "poison": PoisonFunction, NotifyQueue: NotifyFunction}
}

// NotifyQueue is the one of AWSQueues that is there where webhooks are on.
const NotifyQueue = "notify"

// Functions lists those of the stamp.
func (s StampAWS) Functions() []string {
	return slices.DeleteFunc(AWSFunctions(), func(name string) bool { return name == NotifyFunction && !s.Webhooks })
}

// Queues lists those of the stamp, with the function that each one calls.
func (s StampAWS) Queues() map[string]string {
	all := AWSQueues()
	if !s.Webhooks {
		delete(all, NotifyQueue)
	}
	return all
}

// DeadLetterQueue is the one of AWSQueues that the others move what fails to.
const DeadLetterQueue = "poison"

// AWSOption is a choice of a deployment that rights depend on.
type AWSOption string

// The options.
const (
	Always  AWSOption = ""
	WithKey AWSOption = "key" // the bucket, tables and queues are encrypted with a key of the operator's (SSE-KMS)
	WithVPC AWSOption = "vpc" // the functions run in a network of the operator's

	WithWebhooks AWSOption = "webhooks" // applications are told at addresses of theirs
)

// AWSResource names a resource of a stamp without region, account and names of a deployment: "bucket", "bucket/uploads" for the
// objects of a container, "table/tasks", "queue/requeue", "function/retention", "role/api", "policy/store", "log" for
// the log group of all functions, "secret" for the signing key, "key", and "any" where the service knows no narrower resource.
type AWSResource string

// The resources of which a stamp has one.
const (
	TheBucket AWSResource = "bucket"
	TheSecret AWSResource = "secret"
	TheKey    AWSResource = "key"
	TheLog    AWSResource = "log"
	Any       AWSResource = "any"
)

// AWSRight allows actions on resources.
type AWSRight struct {
	Actions []string
	On      []AWSResource
	When    AWSOption
	// Looking are rights to see settings, for the examination by the doctor. A role may lack them: then checks are unknown.
	Looking bool
}

// AWSRights is the table of rights: what the role of a function, or ScheduleRole, may do. Roles have nothing else. No action has a
// wildcard, and no resource but the names of objects below a container.
func AWSRights(function string) []AWSRight {
	if function == ScheduleRole {
		return []AWSRight{{Actions: []string{"lambda:InvokeFunction"}, On: []AWSResource{"function/" + RetentionFunction}}}
	}
	if function == NotifyFunction {
		return append(ofNotify(), take(NotifyQueue))
	}
	rights := append(ofEveryFunction(), onTables(function)...)
	rights = append(rights, onObjects(function)...)
	for queue, reader := range AWSQueues() {
		if reader == function {
			rights = append(rights, take(queue))
		}
	}
	if function == RetentionFunction {
		rights = append(rights, toLook()...)
	}
	return rights
}

// take has Lambda take messages, which it does with the role of the function.
func take(queue string) AWSRight {
	return AWSRight{
		Actions: []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
		On:      []AWSResource{AWSResource("queue/" + queue)},
	}
}

// ofNotify: the function that sends to addresses outside reaches no document and no task.
func ofNotify() []AWSRight {
	return []AWSRight{
		{Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, On: []AWSResource{TheLog}},
		{Actions: []string{"secretsmanager:GetSecretValue"}, On: []AWSResource{TheSecret}},
		{Actions: []string{"s3:GetBucketTagging"}, On: []AWSResource{TheBucket}}, // whose answer tells the time
		{Actions: []string{"sqs:SendMessage"}, On: []AWSResource{"queue/" + NotifyQueue}},
		{Actions: []string{"dynamodb:GetItem"}, On: []AWSResource{AWSResource("table/" + storage.Applications)}},
		{Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"}, On: []AWSResource{
			AWSResource("table/" + dueindex.Table), AWSResource("table/" + storage.Deliveries), AWSResource("table/" + storage.Webhooks),
		}},
		withKey(),
	}
}

// withKey is what services do with the operator's key in the name of a function.
func withKey() AWSRight {
	return AWSRight{When: WithKey, On: []AWSResource{TheKey}, Actions: []string{
		"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo",
	}}
}

func ofEveryFunction() []AWSRight {
	return []AWSRight{
		{Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, On: []AWSResource{TheLog}},
		{Actions: []string{"secretsmanager:GetSecretValue"}, On: []AWSResource{TheSecret}},
		// Without the right to list, S3 answers 403 for an absent object in place of 404. The tag is the region's.
		{Actions: []string{"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketTagging"}, On: []AWSResource{TheBucket}},
		{Actions: []string{"sqs:SendMessage"}, On: []AWSResource{"queue/requeue"}},
		// Whoever ends a task makes the deliveries.
		{When: WithWebhooks, Actions: []string{"sqs:SendMessage"}, On: []AWSResource{"queue/" + NotifyQueue}},
		{When: WithWebhooks, Actions: []string{"dynamodb:Query"}, On: []AWSResource{AWSResource("table/" + storage.Webhooks)}},
		{When: WithWebhooks, Actions: []string{"dynamodb:PutItem"}, On: []AWSResource{AWSResource("table/" + storage.Deliveries)}},
		withKey(),
		// Lambda makes the interfaces of a function before it starts, under names that nobody knows before.
		{When: WithVPC, On: []AWSResource{Any}, Actions: []string{
			"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
			"ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
		}},
	}
}

// onTables: only the interface of clients and retention see who the applications are and what they did; only the full pass of
// retention scans.
func onTables(function string) []AWSRight {
	tables := []string{string(dueindex.Table), string(storage.Tasks), string(storage.Usage), string(storage.State), string(storage.Parts), string(storage.Pending), string(storage.Receipts)}
	actions := []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"}
	switch function {
	case APIFunction:
		tables = dueindex.Tables()
	case RetentionFunction:
		tables = dueindex.Tables()
		actions = append(actions, "dynamodb:Scan")
	}
	var on []AWSResource
	for _, t := range tables {
		on = append(on, AWSResource("table/"+t))
	}
	return []AWSRight{{Actions: actions, On: on}}
}

// What a function does with the objects of a container. Whoever may write may end what it began to write.
const (
	read  = "s3:GetObject"
	write = "s3:PutObject"
	erase = "s3:DeleteObject"
	abort = "s3:AbortMultipartUpload"
	// Deleting names the version that is deleted: "null" where there never was another.
	eraseVersion = "s3:DeleteObjectVersion"
)

// onObjects: every function erases, since whoever finds a task that is deleted ends it. A link has the rights of the role that
// signs it: the interface of clients signs links for uploads and results, and retention those of the synthetic page.
func onObjects(function string) []AWSRight {
	access := map[string][]string{
		storage.Uploads: {read, erase, eraseVersion, abort},
		storage.Work:    {erase, eraseVersion, abort},
		storage.Results: {erase, eraseVersion, abort},
		storage.Ledger:  {read, write, erase, eraseVersion, abort},
	}
	switch function {
	case APIFunction:
		access[storage.Uploads] = []string{read, write, erase, eraseVersion, abort}
		access[storage.Work] = []string{read, erase, eraseVersion, abort}
		access[storage.Results] = []string{read, erase, eraseVersion, abort}
	case OCRFunction, RequeueFunction:
		access[storage.Work] = []string{read, write, erase, eraseVersion, abort}
		access[storage.Results] = []string{read, write, erase, eraseVersion, abort}
	case RetentionFunction:
		access[storage.Uploads] = []string{read, write, erase, eraseVersion, abort}
		access[storage.Results] = []string{read, erase, eraseVersion, abort}
		access[storage.DeadLetters] = []string{erase, eraseVersion, abort}
	}
	var rights []AWSRight
	for _, container := range storage.Containers() {
		if actions := access[container]; actions != nil {
			rights = append(rights, AWSRight{Actions: actions, On: []AWSResource{AWSResource("bucket/" + container)}})
		}
	}
	return rights
}

// toLook lists what the daily examination reads: settings only, nothing that is stored.
func toLook() []AWSRight {
	var tables, queues, functions, roles []AWSResource
	for _, t := range dueindex.Tables() {
		tables = append(tables, AWSResource("table/"+t))
	}
	for q := range (StampAWS{}).Queues() {
		queues = append(queues, AWSResource("queue/"+q))
	}
	slices.Sort(queues)
	for _, f := range (StampAWS{}).Functions() {
		functions = append(functions, AWSResource("function/"+f))
		roles = append(roles, AWSResource("role/"+f))
	}
	roles = append(roles, "role/"+ScheduleRole)
	var (
		ofQueues    = []string{"sqs:GetQueueAttributes"}
		ofFunctions = []string{
			"lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency", "lambda:GetFunctionUrlConfig", "lambda:GetPolicy", "lambda:GetFunctionEventInvokeConfig",
		}
		ofRoles = []string{"iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"}
	)
	return []AWSRight{
		{Looking: true, On: []AWSResource{TheBucket}, Actions: []string{
			"s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:GetReplicationConfiguration", "s3:GetLifecycleConfiguration",
			"s3:GetEncryptionConfiguration", "s3:GetBucketPublicAccessBlock", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketLogging",
			"s3:GetInventoryConfiguration", "s3:GetAnalyticsConfiguration", "s3:GetBucketMetadataTableConfiguration", "s3:GetBucketNotification",
			"s3:GetBucketWebsite", "s3:GetBucketLocation", "s3:GetBucketCORS",
		}},
		{Looking: true, On: tables, Actions: []string{
			"dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTimeToLive", "dynamodb:DescribeContributorInsights",
			"dynamodb:DescribeKinesisStreamingDestination", "dynamodb:GetResourcePolicy",
		}},
		{Looking: true, On: queues, Actions: ofQueues},
		{Looking: true, On: functions, Actions: ofFunctions},
		{Looking: true, On: roles, Actions: ofRoles},
		{Looking: true, When: WithWebhooks, On: []AWSResource{"queue/" + NotifyQueue}, Actions: ofQueues},
		{Looking: true, When: WithWebhooks, On: []AWSResource{"function/" + NotifyFunction}, Actions: ofFunctions},
		{Looking: true, When: WithWebhooks, On: []AWSResource{"role/" + NotifyFunction}, Actions: ofRoles},
		{Looking: true, On: []AWSResource{TheLog}, Actions: []string{"logs:DescribeSubscriptionFilters"}},
		{Looking: true, On: []AWSResource{"policy/store"}, Actions: []string{"iam:GetPolicy", "iam:GetPolicyVersion"}},
		// These know no resource.
		{Looking: true, On: []AWSResource{Any}, Actions: []string{
			"s3:ListAccessPoints", "dynamodb:ListBackups", "lambda:ListEventSourceMappings", "logs:DescribeLogGroups", "logs:DescribeAccountPolicies",
		}},
	}
}
