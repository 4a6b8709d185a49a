package aws_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

func recordRules() []rule {
	return []rule{
		{
			name: "there is a table for each table of the program and for the due index",
			check: func(s stamp) []string {
				var got, want []string
				for _, r := range s.of(tables) {
					got = append(got, r.str("Properties.TableName"))
				}
				for _, t := range dueindex.Tables() {
					want = append(want, fmt.Sprint(s.outputs["TablePrefix"])+t)
				}
				return differ("tables", got, want)
			},
			broken: func(s stamp) { s.set("DueTable", "TableName", "due") },
		},
		{
			name: "no function has a version of the program before its tables are there",
			check: func(s stamp) []string {
				var tablesFirst []string
				for id := range s.of(tables) {
					tablesFirst = append(tablesFirst, id)
				}
				wrong := differ("tables that the policy waits for", texts(s.resources["StorePolicy"]["DependsOn"]), tablesFirst)
				for _, f := range s.functions() { // which wait for their role, and so for the policy
					if f == doctor.NotifyFunction && slices.Contains(texts(s.resources[named(f, "Role")]["DependsOn"]), "StorePolicy") {
						continue // it waits for the policy, and has none of its rights
					}
					if !slices.Contains(texts(s.resources[named(f, "Role")].at("Properties.ManagedPolicyArns")), arn(policies, s.region, "lethe-"+s.region+"-store")) {
						wrong = append(wrong, f+" waits for no table")
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.resources["StorePolicy"]["DependsOn"] = []any{"DueTable"} },
		},
		{
			name: "tables are protected unless the stamp is being removed",
			check: func(s stamp) []string {
				return s.each(tables, func(_ string, r resource) string {
					if got := r.at("Properties.DeletionProtectionEnabled"); got != (s.parameters["Protection"] != "false") {
						return fmt.Sprint(got)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("TasksTable", "DeletionProtectionEnabled", s.parameters["Protection"] == "false") },
		},
		{
			name: "tables are encrypted with the operator's key, or with DynamoDB's own",
			check: func(s stamp) []string {
				return s.each(tables, func(_ string, r resource) string {
					var want any
					if s.key() {
						want = map[string]any{"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": arn(keys, s.region, "Key")}
					}
					if got := r.at("Properties.SSESpecification"); !same(want, got) {
						return fmt.Sprint(got)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("TasksTable", "SSESpecification", map[string]any{"SSEEnabled": false}) },
		},
	}
}

// queue is the logical id of a queue.
func queue(name string) string { return strings.ToUpper(name[:1]) + name[1:] + "Queue" }

// seconds is a number of a property as a duration.
func (r resource) seconds(path string) time.Duration {
	n, _ := r.at(path).(float64)
	return time.Duration(n) * time.Second
}

func queueRuleSet() []rule {
	function := func(s stamp, name string) resource {
		return s.resources[strings.ToUpper(name[:1])+name[1:]+"Function"]
	}
	statement := func(s stamp, queue, sid string) resource {
		return s.resources[queue+"Policy"].statements("Properties.PolicyDocument")[sid]
	}
	return []rule{
		{
			name: "there are the queues of the program, under its names",
			check: func(s stamp) []string {
				var got, want []string
				for id, r := range s.of(queues) {
					got = append(got, id+" "+r.str("Properties.QueueName"))
				}
				for name := range s.queues() {
					want = append(want, queue(name)+" lethe-"+s.region+"-"+name)
				}
				return differ("queues", got, want)
			},
			broken: func(s stamp) { s.set("PoisonQueue", "QueueName", "poison") },
		},
		{
			name: "a message is hidden for six time-outs of its function",
			check: func(s stamp) []string {
				var wrong []string
				for name, f := range s.queues() {
					hidden, most := s.resources[queue(name)].seconds("Properties.VisibilityTimeout"), 12*time.Hour
					if timeOut := function(s, f).seconds("Properties.Timeout"); hidden < 6*timeOut || hidden > most {
						wrong = append(wrong, fmt.Sprintf("%s: %v for %v", name, hidden, timeOut))
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("UploadsQueue", "VisibilityTimeout", 900.0) },
		},
		{
			name: "a message ends with the deadline of its document",
			check: func(s stamp) []string {
				return s.each(queues, func(_ string, r resource) string {
					if kept := r.seconds("Properties.MessageRetentionPeriod"); kept != s.limit("uploads") {
						return fmt.Sprint(kept)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("PoisonQueue", "MessageRetentionPeriod", 1209600.0) },
		},
		{
			name: "queues give up to poison after five attempts, poison to nobody",
			check: func(s stamp) []string {
				return s.each(queues, func(id string, r resource) string {
					var want any
					if id != queue(doctor.DeadLetterQueue) {
						want = map[string]any{"deadLetterTargetArn": arn(queues, s.region, "lethe-"+s.region+"-poison"), "maxReceiveCount": 5}
					}
					if got := r.at("Properties.RedrivePolicy"); !same(want, got) {
						return fmt.Sprint(got)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("RequeueQueue", "RedrivePolicy", nil) },
		},
		{
			name: "poison takes from the other queues alone",
			check: func(s stamp) []string {
				from := []string{arn(queues, s.region, "lethe-"+s.region+"-uploads"), arn(queues, s.region, "lethe-"+s.region+"-requeue")}
				if s.told() {
					from = append(from, arn(queues, s.region, "lethe-"+s.region+"-notify"))
				}
				want := map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": from}
				if got := s.resources["PoisonQueue"].at("Properties.RedriveAllowPolicy"); !same(want, got) {
					return []string{fmt.Sprint(got)}
				}
				return nil
			},
			broken: func(s stamp) { s.set("PoisonQueue", "RedriveAllowPolicy.redrivePermission", "allowAll") },
		},
		{
			name: "queues are encrypted with the operator's key, or with those of SQS",
			check: func(s stamp) []string {
				return s.each(queues, func(_ string, r resource) string {
					var own, managed any = nil, true
					if s.key() {
						own, managed = arn(keys, s.region, "Key"), nil
					}
					if !same(own, r.at("Properties.KmsMasterKeyId")) || !same(managed, r.at("Properties.SqsManagedSseEnabled")) {
						return fmt.Sprint(r.at("Properties.KmsMasterKeyId"), r.at("Properties.SqsManagedSseEnabled"))
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("PoisonQueue", "SqsManagedSseEnabled", false) },
		},
		{
			name: "queues refuse plain HTTP",
			check: func(s stamp) []string {
				var wrong []string
				for name := range s.queues() {
					want := map[string]any{
						"Sid": "TLSOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn(queues, s.region, "lethe-"+s.region+"-"+name),
						"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
					}
					if got := statement(s, queue(name), "TLSOnly"); !same(want, map[string]any(got)) {
						wrong = append(wrong, name)
					}
				}
				return wrong
			},
			broken: func(s stamp) {
				s.set("PoisonQueuePolicy", "PolicyDocument.Statement.0.Principal", map[string]any{"AWS": account})
			},
		},
		{
			name: "the bucket alone tells of uploads, the functions alone of work that goes on and of events",
			check: func(s stamp) []string {
				uploads := arn(queues, s.region, "lethe-"+s.region+"-uploads")
				of := map[string]any{"ArnNotEquals": map[string]any{"aws:SourceArn": s.bucketARN()}}
				var wrong []string
				for _, c := range []struct {
					queue, sid string
					want       map[string]any
				}{
					{"UploadsQueue", "EventsOfTheBucket", map[string]any{
						"Sid": "EventsOfTheBucket", "Effect": "Allow", "Principal": map[string]any{"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": uploads,
						"Condition": map[string]any{
							"ArnEquals": map[string]any{"aws:SourceArn": s.bucketARN()}, "StringEquals": map[string]any{"aws:SourceAccount": account},
						},
					}},
					{"UploadsQueue", "NobodyElse", map[string]any{
						"Sid": "NobodyElse", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": uploads, "Condition": of,
					}},
					{"RequeueQueue", "FunctionsOnly", map[string]any{
						"Sid": "FunctionsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn(queues, s.region, "lethe-"+s.region+"-requeue"),
						"Condition": map[string]any{"ArnNotEquals": map[string]any{"aws:PrincipalArn": s.functionRoles()}},
					}},
				} {
					if got := statement(s, c.queue, c.sid); !same(c.want, map[string]any(got)) {
						wrong = append(wrong, fmt.Sprint(c.queue, got))
					}
				}
				if s.told() {
					want := map[string]any{
						"Sid": "FunctionsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn(queues, s.region, "lethe-"+s.region+"-notify"),
						"Condition": map[string]any{"ArnNotEquals": map[string]any{"aws:PrincipalArn": s.allRoles()}},
					}
					if got := statement(s, "NotifyQueue", "FunctionsOnly"); !same(want, map[string]any(got)) {
						wrong = append(wrong, fmt.Sprint("NotifyQueue", got))
					}
					wrong = append(wrong, differ("NotifyQueuePolicy", sids(s.resources["NotifyQueuePolicy"]), []string{"FunctionsOnly", "TLSOnly"})...)
				}
				for id, want := range map[string][]string{
					"UploadsQueuePolicy": {"EventsOfTheBucket", "NobodyElse", "TLSOnly"}, "RequeueQueuePolicy": {"FunctionsOnly", "TLSOnly"}, "PoisonQueuePolicy": {"TLSOnly"},
				} {
					wrong = append(wrong, differ(id, sids(s.resources[id]), want)...)
				}
				return wrong
			},
			broken: func(s stamp) {
				s.set("UploadsQueuePolicy", "PolicyDocument.Statement.1.Condition", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": account}})
			},
		},
	}
}

func secretRuleSet() []rule {
	return []rule{
		{
			name: "the functions alone read the signing key",
			check: func(s stamp) []string {
				want := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
					"Sid": "FunctionsOnly", "Effect": "Deny", "Principal": "*", "Resource": "*",
					"Action":    []string{"secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"},
					"Condition": map[string]any{"ArnNotEquals": map[string]any{"aws:PrincipalArn": s.allRoles()}},
				}}}
				if got := s.resources["SigningKeyPolicy"].at("Properties.ResourcePolicy"); !same(want, got) {
					return []string{fmt.Sprint(got)}
				}
				return nil
			},
			broken: func(s stamp) { s.set("SigningKeyPolicy", "ResourcePolicy.Statement.0.Effect", "Allow") },
		},
		{
			name: "with a key of the operator's everything that is kept is wrapped with it",
			check: func(s stamp) []string {
				var want any
				if s.key() {
					want = arn(keys, s.region, "Key")
				}
				var wrong []string
				for kind, property := range map[string]string{secrets: "KmsKeyId", logGroups: "KmsKeyId", topics: "KmsMasterKeyId"} {
					wrong = append(wrong, s.each(kind, func(_ string, r resource) string {
						if got := r.at("Properties." + property); !same(want, got) {
							return fmt.Sprint(got)
						}
						return ""
					})...)
				}
				return wrong
			},
			broken: func(s stamp) { s.set("ProgramLog", "KmsKeyId", "another") },
		},
		{
			name: "nobody decrypts with the key but through a service of the stamp",
			check: func(s stamp) []string {
				if !s.key() {
					return nil
				}
				r := s.resources["Key"]
				wrong := differ("statements", sids(r), []string{"Administration", "EventsAndAlarms", "Logs", "ThroughTheServices"})
				for sid, st := range r.statements("Properties.KeyPolicy") {
					condition := map[string][]string{
						"ThroughTheServices": {"StringEquals.kms:ViaService", "StringEquals.kms:CallerAccount"},
						"EventsAndAlarms":    {"StringEquals.aws:SourceAccount"}, "Logs": {"ArnEquals.kms:EncryptionContext:aws:logs:arn"},
					}[sid]
					for _, path := range condition {
						if st.at("Condition."+path) == nil {
							wrong = append(wrong, sid+" without "+path)
						}
					}
					for _, action := range texts(st["Action"]) {
						crypto := strings.Contains(action, "crypt") || strings.Contains(action, "DataKey") || action == "kms:CreateGrant" || strings.Contains(action, "*")
						if crypto && condition == nil {
							wrong = append(wrong, sid+" gives "+action)
						}
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("Key", "KeyPolicy.Statement.0.Action.0", "kms:*") },
		},
	}
}
