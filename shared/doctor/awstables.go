package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// AWSTable is what was seen of a DynamoDB table of a stamp.
type AWSTable struct {
	Name       string // without the prefix
	Absent     bool
	Keys       []string // the partition key and the sort key; nil if not seen
	Recovery   *bool    // point-in-time recovery
	Stream     *bool
	Kinesis    *bool // changes go to a Kinesis stream
	Insights   *bool // CloudWatch Contributor Insights, which keeps keys
	Expiry     *bool // time to live is on
	Backups    *int
	Replicas   *[]string // regions
	Indexes    *[]string // secondary, local and global
	Encryption *AWSEncryption
	Policy     *string // JSON; empty for none
	Protected  *bool   // against deletion
}

// judgeTables holds the tables against the table of what each must be.
func judgeTables(u unseen, s StampAWS, tables []AWSTable) []Finding {
	on := func(flag *bool, wrong string) (string, bool) {
		switch {
		case flag == nil:
			return "", false
		case *flag:
			return wrong, true
		default:
			return "", true
		}
	}
	listed := func(names *[]string, what string) (string, bool) {
		if names == nil || len(*names) == 0 {
			return "", names != nil
		}
		return what + strings.Join(*names, ", "), true
	}
	look := func(c Check, fineFormat string, at func(AWSTable) (wrong string, seen bool)) Finding {
		var e examined
		for _, t := range tables {
			if t.Absent && c != Tables {
				continue // a finding of its own
			}
			wrong, seen := at(t)
			switch {
			case !seen:
				e.miss(t.Name)
			case wrong != "":
				e.note(t.Name + ": " + wrong)
			default:
				e.note("")
			}
		}
		return e.finding(u, c, fineFormat)
	}
	return []Finding{
		look(Tables, "%d tables, with the keys pk and sk", func(t AWSTable) (string, bool) {
			switch {
			case t.Absent:
				return "is absent from " + s.Region, true
			case t.Keys != nil && !slices.Equal(t.Keys, []string{"pk", "sk"}):
				return "has other keys than pk and sk", true
			default:
				return "", t.Keys != nil
			}
		}),
		look(TableRecovery, "off for %d tables", func(t AWSTable) (string, bool) { return on(t.Recovery, "can be restored to any second of 35 days") }),
		look(TableBackups, "none of %d tables", func(t AWSTable) (string, bool) {
			if t.Backups != nil && *t.Backups > 0 {
				return fmt.Sprintf("%d backups", *t.Backups), true
			}
			return "", t.Backups != nil
		}),
		look(TableStreams, "off for %d tables", func(t AWSTable) (string, bool) {
			for _, f := range []struct {
				on    *bool
				wrong string
			}{{t.Stream, "a stream keeps its changes for a day"}, {t.Kinesis, "a Kinesis stream gets its changes"}, {t.Insights, "Contributor Insights keeps its keys"}} {
				if wrong, seen := on(f.on, f.wrong); wrong != "" || !seen {
					return wrong, seen
				}
			}
			return "", true
		}),
		look(TableExpiry, "off for %d tables", func(t AWSTable) (string, bool) {
			return on(t.Expiry, "DynamoDB deletes its records by time to live")
		}),
		look(TableReplicas, "none of %d tables", func(t AWSTable) (string, bool) { return listed(t.Replicas, "replicated to ") }),
		look(TableIndexes, "none of %d tables", func(t AWSTable) (string, bool) { return listed(t.Indexes, "indexed by ") }),
		look(TablePolicy, "none of %d tables", func(t AWSTable) (string, bool) {
			if t.Policy != nil && *t.Policy != "" {
				return "has a policy of its own", true
			}
			return "", t.Policy != nil
		}),
		look(TableProtection, "on for %d tables", func(t AWSTable) (string, bool) {
			if t.Protected != nil && !*t.Protected {
				return "can be deleted by one command", true
			}
			return "", t.Protected != nil
		}),
	}
}

// AWSQueue is what was seen of a queue of a stamp.
type AWSQueue struct {
	Name        string // uploads, requeue, poison or notify
	Absent      bool
	Seen        bool
	Retention   time.Duration
	Visibility  time.Duration
	DeadLetters AWSResource // queue that messages go to after Receives attempts; empty for none
	Receives    int
	Encryption  *AWSEncryption
	Policy      string // JSON; empty for none
}

// Receives are how often Lambda may try a message before it goes to the dead-letter queue: once is no second attempt, and more than
// ten keep a document that crashes the function busy for most of its life.
const (
	minReceives = 2
	maxReceives = 10
)

func judgeQueues(u unseen, s StampAWS, queues []AWSQueue) []Finding {
	look := func(c Check, fineFormat string, at func(AWSQueue) string) Finding {
		var e examined
		for _, q := range queues {
			switch wrong := at(q); {
			case q.Absent:
				e.note(q.Name + " is absent from " + s.Region)
			case !q.Seen:
				e.miss(q.Name)
			case wrong != "":
				e.note(q.Name + ": " + wrong)
			default:
				e.note("")
			}
		}
		return e.finding(u, c, fineFormat)
	}
	poison := AWSResource("queue/" + DeadLetterQueue)
	return []Finding{
		look(QueueDeadLetters, "all %d queues go on as they should", func(q AWSQueue) string {
			switch {
			case q.Name == DeadLetterQueue && q.DeadLetters != "":
				return "dead letters go on to " + string(q.DeadLetters)
			case q.Name == DeadLetterQueue:
				return ""
			case q.DeadLetters == "":
				return "has no dead-letter queue"
			case q.DeadLetters != poison:
				return "dead letters go to " + string(q.DeadLetters)
			case q.Receives < minReceives || q.Receives > maxReceives:
				return fmt.Sprintf("%d attempts, want %d to %d", q.Receives, minReceives, maxReceives)
			}
			return ""
		}),
		look(QueueRetention, "all %d queues within the deadline", func(q AWSQueue) string {
			switch {
			case q.Retention > s.Policy.Unprocessed:
				return fmt.Sprintf("messages are kept for %v, documents for %v", q.Retention, s.Policy.Unprocessed)
			case q.Retention <= q.Visibility:
				return fmt.Sprintf("messages are kept for %v, less than an attempt takes", q.Retention)
			}
			return ""
		}),
		look(QueuePolicy, "%d queues refuse plain HTTP and admit nobody but the bucket", func(q AWSQueue) string {
			fromBucket := func(st statement) bool {
				source := slices.Concat(st.Condition["ArnEquals"]["aws:SourceArn"], st.Condition["ArnLike"]["aws:SourceArn"], st.Condition["StringEquals"]["aws:SourceArn"])
				return q.Name == "uploads" && st.service() == "s3.amazonaws.com" && slices.Equal(st.Action, list{"sqs:SendMessage"}) &&
					len(source) == 1 && s.Resource(source[0]) == TheBucket
			}
			return strings.Join(judgePolicy(q.Policy, func(st statement) bool { return st.denies("sqs:*") }, fromBucket), ", ")
		}),
	}
}
