package doctor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// AWSBucket is what was seen of the bucket of a stamp.
type AWSBucket struct {
	Tag        string  // the tag "region"
	Location   string  // where S3 says that it is
	Versioning *string // "Enabled", "Suspended", or empty: never enabled
	Lock       *bool   // Object Lock
	Replicated *bool   // there are replication rules, on or off
	Rules      *[]AWSRule
	Encryption *AWSEncryption
	Open       *[]string // the settings of the public access block that are off
	Ownership  *string   // BucketOwnerEnforced
	Policy     *string   // JSON; empty for none
	Copies     *[]string // what copies names of objects elsewhere, in words
	Events     *AWSEvents
	CORS       *[]CORSRule
}

// AWSRule is an enabled lifecycle rule of a bucket.
type AWSRule struct {
	Prefix   string
	Narrowed bool // by tags or sizes, so that it leaves objects out
	Days     int  // after creation; 0 if it deletes no object
	ByDate   bool // deletes at a date in place of an age
	Abort    int  // days after which it ends unfinished multipart uploads; 0 for never
}

// AWSEvents is what a bucket tells of its objects.
type AWSEvents struct {
	Queues []AWSResource
	Others []string // other receivers, in words
}

func (b AWSBucket) judge(u unseen, s StampAWS) []Finding {
	return []Finding{
		agreementOfPlace(u, s, b),
		b.versioning(u),
		u.off(BucketLock, b.Lock, "Object Lock forbids deletion"),
		u.off(BucketReplication, b.Replicated, "there are rules that copy objects to another bucket"),
		b.lifecycle(u, s),
		b.public(u),
		b.ownership(u),
		b.policy(u, s),
		b.copies(u),
		b.events(u),
	}
}

func agreementOfPlace(u unseen, s StampAWS, b AWSBucket) Finding {
	if err := ValidAWSRegion(s.Region); err != nil {
		return breach(StampRegion, "%v", err)
	}
	// Silence is no breach here: what could not be read may still name a region. The condition of intake is strict.
	place := PlaceAWS{Region: s.Region, Platform: s.Platform, Tag: b.Tag, Location: b.Location, Emulated: true}
	if b.Tag == "" && u[StampRegion] == "" && !s.Emulated {
		u = unseen{StampRegion: "the bucket has no tag region"}
	}
	if u[StampRegion] != "" {
		if err := AgreeOnRegion(s.Region, place.witnesses()...); err != nil {
			return breach(StampRegion, "%v", err)
		}
		return u.unknown(StampRegion)
	}
	return agreement(u, StampRegion, s.Region, place.witnesses())
}

func (b AWSBucket) versioning(u unseen) Finding {
	switch {
	case b.Versioning == nil:
		return u.unknown(BucketVersioning)
	case *b.Versioning != "":
		return breach(BucketVersioning, "versioning is %s: deleted objects stay as versions, also once it is suspended", strings.ToLower(*b.Versioning))
	default:
		return fine(BucketVersioning, "never enabled")
	}
}

// lifecycle holds the rules against the same clocks as on Azure, and wants unfinished uploads ended after a day everywhere.
func (b AWSBucket) lifecycle(u unseen, s StampAWS) Finding {
	if b.Rules == nil {
		return u.unknown(BucketLifecycle)
	}
	var rules []Rule
	for _, r := range *b.Rules {
		if r.Days > 0 || r.ByDate {
			rules = append(rules, r.rule(r.Days))
		}
	}
	wrong := offClock(rules, s.Policy)
	for _, container := range storage.Containers() {
		aborted := slices.ContainsFunc(*b.Rules, func(r AWSRule) bool { return r.Abort == 1 && r.rule(1).covers(container) })
		if !aborted {
			wrong = append(wrong, "unfinished uploads in "+container+" are not ended after a day")
		}
	}
	if len(wrong) > 0 {
		return breach(BucketLifecycle, "%s", strings.Join(wrong, "; "))
	}
	return fine(BucketLifecycle, "%d containers on their clocks, unfinished uploads end after a day", len(Backstop(s.Policy)))
}

// rule puts a rule into the words of Rule: S3 has one kind of object, and counts days from creation.
func (r AWSRule) rule(days int) Rule {
	all := Rule{BlobTypes: []string{"blockBlob", "appendBlob"}, Days: days, ByCreation: !r.ByDate, Narrowed: r.Narrowed}
	if r.Prefix != "" {
		all.Prefixes = []string{r.Prefix}
	}
	return all
}

func (b AWSBucket) public(u unseen) Finding {
	switch {
	case b.Open == nil:
		return u.unknown(BucketPublic)
	case len(*b.Open) > 0:
		return breach(BucketPublic, "off: %s", strings.Join(*b.Open, ", "))
	default:
		return fine(BucketPublic, "all four are on")
	}
}

func (b AWSBucket) ownership(u unseen) Finding {
	switch {
	case b.Ownership == nil:
		return u.unknown(BucketOwner)
	case *b.Ownership != "BucketOwnerEnforced":
		return breach(BucketOwner, "access lists are in force: %s", orNone(*b.Ownership))
	default:
		return fine(BucketOwner, "BucketOwnerEnforced")
	}
}

func orNone(s string) string {
	if s == "" {
		return "none is set"
	}
	return s
}

// policy wants plain HTTP refused for the bucket and all in it, and nobody allowed anything: functions have their rights by roles.
func (b AWSBucket) policy(u unseen, s StampAWS) Finding {
	if b.Policy == nil {
		return u.unknown(BucketPolicy)
	}
	wrong := judgePolicy(*b.Policy, func(st statement) bool {
		return st.denies("s3:*") && slices.ContainsFunc(st.Resource, func(arn string) bool { return s.Resource(arn) == TheBucket }) &&
			slices.ContainsFunc(st.Resource, func(arn string) bool { return strings.HasSuffix(arn, ":::"+s.Bucket+"/*") })
	}, func(statement) bool { return false })
	if len(wrong) > 0 {
		return breach(BucketPolicy, "%s", strings.Join(wrong, "; "))
	}
	return fine(BucketPolicy, "plain HTTP is refused, and nobody is allowed in by it")
}

// judgePolicy examines the policy of a resource (JSON, empty for none): it must refuse plain HTTP by a statement that closed accepts,
// and allow nothing but what allowed accepts.
func judgePolicy(document string, closed, allowed func(statement) bool) []string {
	if document == "" {
		return []string{"there is no policy, so that plain HTTP is accepted"}
	}
	statements, err := policy([]byte(document))
	if err != nil {
		return []string{err.Error()}
	}
	var wrong []string
	for _, st := range statements {
		if st.Effect == "Allow" && !allowed(st) {
			wrong = append(wrong, fmt.Sprintf("%s is allowed %s", st.who(), strings.Join(slices.Concat(st.Action, st.NotAction), ", ")))
		}
	}
	if !slices.ContainsFunc(statements, func(st statement) bool { return st.refusesPlainHTTP() && closed(st) }) {
		wrong = append(wrong, "plain HTTP is accepted")
	}
	return wrong
}

// denies reports whether the statement denies everybody the action.
func (st statement) denies(action string) bool {
	return st.Effect == "Deny" && st.everybody() && slices.Contains(st.Action, action)
}

// refusesPlainHTTP reports whether the statement's one condition is that a request came without TLS.
func (st statement) refusesPlainHTTP() bool {
	return len(st.Condition) == 1 && len(st.Condition["Bool"]) == 1 && slices.Equal(st.Condition["Bool"]["aws:SecureTransport"], list{"false"})
}

func (st statement) everybody() bool {
	who := string(st.Principal)
	return who == `"*"` || who == `{"AWS":"*"}`
}

// service returns the one service that the statement is about, empty if it is about somebody else too.
func (st statement) service() string {
	var who map[string]list
	if json.Unmarshal(st.Principal, &who) != nil || len(who) != 1 || len(who["Service"]) != 1 {
		return ""
	}
	return who["Service"][0]
}

func (st statement) who() string {
	if st.everybody() {
		return "everybody"
	}
	if s := st.service(); s != "" {
		return s
	}
	return "somebody"
}

func (b AWSBucket) copies(u unseen) Finding {
	switch {
	case b.Copies != nil && len(*b.Copies) > 0:
		return breach(BucketCopies, "%s", strings.Join(*b.Copies, "; "))
	case b.Copies == nil || u[BucketCopies] != "":
		return u.unknown(BucketCopies)
	default:
		return fine(BucketCopies, "none")
	}
}

func (b AWSBucket) events(u unseen) Finding {
	const uploads AWSResource = "queue/uploads"
	if b.Events == nil {
		return u.unknown(BucketEvents)
	}
	var wrong []string
	for _, q := range b.Events.Queues {
		if q != uploads {
			wrong = append(wrong, "told of objects: "+string(q))
		}
	}
	for _, other := range b.Events.Others {
		wrong = append(wrong, "told of objects: "+other)
	}
	if !slices.Contains(b.Events.Queues, uploads) {
		wrong = append(wrong, "the queue of uploads is told of nothing")
	}
	if len(wrong) > 0 {
		return breach(BucketEvents, "%s", strings.Join(wrong, "; "))
	}
	return fine(BucketEvents, "to the queue of uploads alone")
}
