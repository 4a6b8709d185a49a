package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/retention"
)

// StampAWS is how the settings describe a stamp on AWS.
type StampAWS struct {
	AWSNames
	Platform string           // AWS_REGION; empty where the examination does not run in a function
	Role     string           // name of the role that the examination must run as; empty for any role
	Emulated bool             // loopback emulators stand for the storage
	Policy   retention.Policy // in force
	Webhooks bool             // are on, so that there is a queue and a function for them
}

// AWS is what was seen of a stamp on AWS. Nil, zero and empty mean "not seen", unless a field says otherwise.
type AWS struct {
	Bucket    AWSBucket
	Tables    []AWSTable
	Queues    []AWSQueue
	Functions []AWSFunction
	Sources   *[]AWSSource
	Roles     []AWSRole
	Logs      *[]AWSLogGroup
	Forwards  *[]string // subscriptions of logs, of the groups and of the whole account
	Caller    *AWSCaller
	Skew      *time.Duration   // storage's clock minus the program's
	Unseen    map[Check]string // why a check could not be made, or not whole
}

// AWSEncryption is how something is encrypted at rest.
type AWSEncryption struct {
	Plain bool   // not at all
	Own   bool   // with a key of AWS KMS that is named, in place of one that the service keeps
	Key   string // its ARN
}

// AWSCaller is who the examination runs as.
type AWSCaller struct {
	ARN     string
	Session bool // by temporary credentials
}

// Judge holds what was seen against what the stamp expects.
func (a AWS) Judge(s StampAWS) []Finding {
	u := unseen(a.Unseen)
	found := a.Bucket.judge(u, s)
	found = append(found, judgeTables(u, s, a.Tables)...)
	found = append(found, judgeQueues(u, s, a.Queues)...)
	found = append(found, a.encryption(u, s))
	found = append(found, a.judgeFunctions(u, s)...)
	page := a.page()
	found = append(found, page.cors(u, BucketCORS, a.Bucket.CORS), page.signIn(FunctionSignIn))
	return append(found, a.judgeRoles(u, s)...)
}

// page is that of the settings of the interface. Without an address of its own it is at the function's URL.
func (a AWS) page() Page {
	var p Page
	for _, f := range a.Functions {
		if f.Name != APIFunction {
			continue
		}
		p = PageOf(func(name string) string { return f.Environment[name] })
		if p.Address == "" && f.URL != nil {
			p.Address = f.URL.Address
		}
	}
	return p
}

// examined judges several things by one check: a breach if one is wrong, unknown if one was not seen or there is none.
type examined struct {
	wrong   []string
	missing []string
	looked  int
}

// note notes that a thing was looked at, and what is wrong with it, empty for nothing.
func (e *examined) note(wrong string) {
	e.looked++
	if wrong != "" {
		e.wrong = append(e.wrong, wrong)
	}
}

// miss notes a thing that was not seen.
func (e *examined) miss(name string) { e.missing = append(e.missing, name) }

func (e *examined) finding(u unseen, c Check, fineFormat string) Finding {
	switch {
	case len(e.wrong) > 0:
		return breach(c, "%s", strings.Join(e.wrong, "; "))
	case u[c] != "" || e.looked == 0:
		return u.unknown(c)
	case len(e.missing) > 0:
		return Finding{Check: c, Outcome: Unknown, Found: "not seen: " + strings.Join(e.missing, ", ")}
	default:
		return fine(c, fineFormat, e.looked)
	}
}

// encryption wants one answer of everything that is stored: the key of the settings, or where they name none, either keys that the
// services keep or one key of the operator's throughout.
func (a AWS) encryption(u unseen, s StampAWS) Finding {
	type part struct {
		name string
		with *AWSEncryption
	}
	parts := []part{{"the bucket", a.Bucket.Encryption}}
	for _, t := range a.Tables {
		if !t.Absent {
			parts = append(parts, part{"table " + t.Name, t.Encryption})
		}
	}
	for _, q := range a.Queues {
		if !q.Absent {
			parts = append(parts, part{"queue " + q.Name, q.Encryption})
		}
	}
	var e examined
	var first *AWSEncryption
	if s.KeyARN != "" {
		first = &AWSEncryption{Own: true, Key: s.KeyARN}
	}
	for _, p := range parts {
		if p.with == nil {
			e.miss(p.name)
			continue
		}
		if first == nil {
			first = p.with
		}
		switch {
		case p.with.Plain:
			e.note(p.name + " is not encrypted")
		case *p.with == *first:
			e.note("")
		case first.Own && !p.with.Own:
			e.note(p.name + " is encrypted with a key that the service keeps, not with yours")
		case first.Own:
			e.note(p.name + " is encrypted with another key")
		default:
			e.note(p.name + " is encrypted with a key of its own, the rest with keys that the services keep")
		}
	}
	how := "with keys that the services keep: %d parts"
	if first != nil && first.Own {
		how = "with one key: %d parts"
		if !strings.Contains(first.Key, ":kms:"+s.Region+":"+s.Account+":") && s.Account != "" {
			e.wrong = append(e.wrong, "the key is not of this region and account")
		}
	}
	return e.finding(u, StampEncryption, how)
}

// clock is the same check as on Azure.
func (a AWS) clock(u unseen) Finding {
	if a.Skew == nil {
		return u.unknown(StampClock)
	}
	found := fmt.Sprintf("storage's clock minus the program's: %v", a.Skew.Round(time.Second))
	if a.Skew.Abs() >= MaximumSkew {
		return breach(StampClock, "%s", found)
	}
	return fine(StampClock, "%s", found)
}
