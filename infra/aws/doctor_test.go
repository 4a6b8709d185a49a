package aws_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/retention"
)

// seen is what the doctor would see of a deployment, as far as a template decides it.
func seen(s stamp) doctor.AWS {
	n := s.names()
	at := func(arn string) doctor.AWSResource { return n.Resource(arn) }
	var a doctor.AWS
	a.Bucket = seenBucket(s)
	for _, r := range s.of(tables) {
		a.Tables = append(a.Tables, seenTable(s, r))
	}
	for name := range s.queues() {
		r := s.resources[queue(name)]
		policy, _ := json.Marshal(s.resources[queue(name)+"Policy"].at("Properties.PolicyDocument"))
		received, _ := r.at("Properties.RedrivePolicy.maxReceiveCount").(float64)
		q := doctor.AWSQueue{
			Name: name, Seen: true, Retention: r.seconds("Properties.MessageRetentionPeriod"), Visibility: r.seconds("Properties.VisibilityTimeout"),
			Receives: int(received), Encryption: seenKey(r.str("Properties.KmsMasterKeyId")), Policy: string(policy),
		}
		if to := r.str("Properties.RedrivePolicy.deadLetterTargetArn"); to != "" {
			q.DeadLetters = at(to)
		}
		a.Queues = append(a.Queues, q)
	}
	for _, f := range s.functions() {
		a.Functions = append(a.Functions, seenFunction(s, f))
	}
	a.Sources = &[]doctor.AWSSource{}
	for _, r := range s.of(sources) {
		*a.Sources = append(*a.Sources, doctor.AWSSource{
			From: at(r.str("Properties.EventSourceArn")), To: at(r.str("Properties.FunctionName")), Enabled: r.at("Properties.Enabled") != false,
			PartialBatch: same([]any{"ReportBatchItemFailures"}, r.at("Properties.FunctionResponseTypes")),
		})
	}
	for _, f := range append(s.functions(), doctor.ScheduleRole) {
		trust, _ := json.Marshal(s.resources[named(f, "Role")].at("Properties.AssumeRolePolicyDocument"))
		a.Roles = append(a.Roles, doctor.AWSRole{Function: f, Seen: true, Trust: string(trust), Policies: s.documents(named(f, "Role"))})
	}
	a.Logs = &[]doctor.AWSLogGroup{}
	for _, r := range s.of(logGroups) {
		days := 0
		_, _ = fmt.Sscan(text(r.at("Properties.RetentionInDays")), &days)
		*a.Logs = append(*a.Logs, doctor.AWSLogGroup{Name: r.str("Properties.LogGroupName"), Days: days})
	}
	return a
}

func seenKey(key string) *doctor.AWSEncryption {
	return &doctor.AWSEncryption{Own: key != "", Key: key}
}

func seenBucket(s stamp) doctor.AWSBucket {
	r := s.resources["Bucket"]
	policy, _ := json.Marshal(s.resources["BucketPolicy"].at("Properties.PolicyDocument"))
	document, versioning, ownership := string(policy), r.str("Properties.VersioningConfiguration.Status"), r.str("Properties.OwnershipControls.Rules.0.ObjectOwnership")
	locked, replicated := r.at("Properties.ObjectLockEnabled") == true, r.at("Properties.ReplicationConfiguration") != nil
	b := doctor.AWSBucket{
		Location: s.region, Versioning: &versioning, Lock: &locked, Replicated: &replicated, Ownership: &ownership, Policy: &document,
		Encryption: seenKey(r.str("Properties.BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID")),
		Rules:      &[]doctor.AWSRule{}, Open: &[]string{}, Copies: &[]string{}, Events: &doctor.AWSEvents{},
	}
	for _, v := range r.list("Properties.Tags") {
		if tag, _ := v.(map[string]any); tag["Key"] == "region" {
			b.Tag = text(tag["Value"])
		}
	}
	for _, v := range r.list("Properties.LifecycleConfiguration.Rules") {
		rule := resource(v.(map[string]any))
		days, _ := rule["ExpirationInDays"].(float64)
		abort, _ := rule.at("AbortIncompleteMultipartUpload.DaysAfterInitiation").(float64)
		*b.Rules = append(*b.Rules, doctor.AWSRule{Prefix: rule.str("Prefix"), Days: int(days), Abort: int(abort)})
	}
	for _, name := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		if r.at("Properties.PublicAccessBlockConfiguration."+name) != true {
			*b.Open = append(*b.Open, name)
		}
	}
	for i := range r.list("Properties.NotificationConfiguration.QueueConfigurations") {
		b.Events.Queues = append(b.Events.Queues, s.names().Resource(r.str(fmt.Sprintf("Properties.NotificationConfiguration.QueueConfigurations.%d.Queue", i))))
	}
	return b
}

func seenTable(s stamp, r resource) doctor.AWSTable {
	none, nothing, empty := 0, []string{}, ""
	is := func(path string) *bool { on := r.at("Properties."+path) != nil; return &on }
	recovery := r.at("Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled") == true
	protected := r.at("Properties.DeletionProtectionEnabled") == true
	t := doctor.AWSTable{
		Name: strings.TrimPrefix(r.str("Properties.TableName"), fmt.Sprint(s.outputs["TablePrefix"])), Recovery: &recovery,
		Stream: is("StreamSpecification"), Kinesis: is("KinesisStreamSpecification"), Insights: is("ContributorInsightsSpecification"),
		Expiry: is("TimeToLiveSpecification"), Backups: &none, Replicas: &nothing, Indexes: &nothing, Policy: &empty, Protected: &protected,
		Encryption: seenKey(r.str("Properties.SSESpecification.KMSMasterKeyId")),
	}
	for i := range r.list("Properties.KeySchema") {
		t.Keys = append(t.Keys, r.str(fmt.Sprintf("Properties.KeySchema.%d.AttributeName", i)))
	}
	return t
}

func seenFunction(s stamp, name string) doctor.AWSFunction {
	r, reserved, nobody := s.resources[named(name, "Function")], -1, ""
	_, _ = fmt.Sscan(text(r.at("Properties.ReservedConcurrentExecutions")), &reserved)
	f := doctor.AWSFunction{
		Name: name, Seen: true, Runtime: r.str("Properties.Runtime"), Architecture: r.str("Properties.Architectures.0"), Handler: r.str("Properties.Handler"),
		Package: "Zip", Role: s.names().Resource(r.str("Properties.Role")), TimeOut: r.seconds("Properties.Timeout"), LogGroup: r.str("Properties.LoggingConfig.LogGroup"),
		VPC: r.at("Properties.VpcConfig") != nil, Traced: r.str("Properties.TracingConfig.Mode") == "Active", Environment: s.environment(name),
		Destinations: &[]string{}, Reserved: &reserved, URL: &doctor.AWSURL{}, Policy: &nobody,
	}
	if name == doctor.APIFunction {
		f.URL = &doctor.AWSURL{Auth: s.resources["ApiUrl"].str("Properties.AuthType"), Mode: s.resources["ApiUrl"].str("Properties.InvokeMode")}
	}
	return f
}

// TestDoctorFindsNothingToCureInADeployment holds the template against the program's own expectations of a stamp.
func TestDoctorFindsNothingToCureInADeployment(t *testing.T) {
	judged := func(s stamp) map[doctor.Check]doctor.Finding {
		policy := retention.Default()
		policy.Processed, policy.Unprocessed = s.limit("results"), s.limit("uploads")
		all := map[doctor.Check]doctor.Finding{}
		for _, f := range seen(s).Judge(doctor.StampAWS{AWSNames: s.names(), Policy: policy, Webhooks: s.told()}) {
			all[f.Check] = f
		}
		return all
	}
	for _, s := range committed(t) {
		told := 0
		for check, f := range judged(s) {
			asked := check == doctor.TableProtection && s.parameters["Protection"] == "false" || check == doctor.FunctionConcurrency && s.parameters["ReserveConcurrency"] == "false"
			if f.Outcome == doctor.Breach && !asked {
				t.Errorf("%s: %s: %s", s.name, check, f.Found)
			}
			if f.Outcome == doctor.OK {
				told++
			}
		}
		if told < 25 {
			t.Errorf("%s: the doctor tells %d checks", s.name, told)
		}
	}
	for check, broken := range map[doctor.Check]func(stamp){
		doctor.BucketVersioning: func(s stamp) { s.set("Bucket", "VersioningConfiguration", map[string]any{"Status": "Enabled"}) },
		doctor.BucketLifecycle:  func(s stamp) { s.set("Bucket", "LifecycleConfiguration.Rules.0.ExpirationInDays", 9.0) },
		doctor.QueueRetention:   func(s stamp) { s.set("PoisonQueue", "MessageRetentionPeriod", 1209600.0) },
		doctor.StampEncryption:  func(s stamp) { s.set("RequeueQueue", "KmsMasterKeyId", "another") },
		doctor.RoleRights:       func(s stamp) { s.set("OcrRole", "Policies.0.PolicyDocument.Statement.0.Action.0", "s3:*") },
		doctor.LogRetention:     func(s stamp) { s.set("ProgramLog", "RetentionInDays", 3653) },
	} {
		s := committed(t)[0].copied(t)
		broken(s)
		if got := judged(s)[check]; got.Outcome != doctor.Breach {
			t.Errorf("%s: the doctor says %v of a broken deployment", check, got)
		}
	}
}
