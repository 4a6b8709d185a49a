package doctor

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// AWSFunction is what was seen of a Lambda function of a stamp.
type AWSFunction struct {
	Name         string // api, ocr, …
	Absent       bool
	Seen         bool // the configuration; the rest is nil if not seen
	Runtime      string
	Architecture string
	Handler      string
	Package      string // Zip
	Role         AWSResource
	TimeOut      time.Duration
	LogGroup     string
	VPC          bool
	Traced       bool
	Layers       []string
	Keeps        []string          // what keeps documents beyond an invocation, in words
	Environment  map[string]string // is judged and never told
	DeadLetters  string            // receiver of asynchronous events that failed; empty for none
	Destinations *[]string         // receivers of what became of asynchronous events
	Reserved     *int              // concurrency set aside; -1 for none
	URL          *AWSURL
	Policy       *string // JSON: who may call it by a policy of its own; empty for none
}

// AWSURL is the URL of a function.
type AWSURL struct {
	Auth string // NONE, AWS_IAM; empty if there is no URL
	Mode string // RESPONSE_STREAM, BUFFERED
	CORS bool   // pages of other sites may call it

	Address string // where it is
}

// AWSSource has a function called with the messages of a queue, or whatever it reads from.
type AWSSource struct {
	From         AWSResource
	To           AWSResource
	Enabled      bool
	PartialBatch bool     // ReportBatchItemFailures
	Failures     []string // receivers of what failed
}

// AWSLogGroup is a log group of a stamp.
type AWSLogGroup struct {
	Name string
	Days int // 0: for ever
}

// MaximumLogDays is how long a log of a stamp may be kept: the longest that templates allow.
const MaximumLogDays = 731

// visibilities is how many time-outs of its function a queue must hide a message for, as AWS asks: shorter, and a message that is
// still worked on comes again.
const visibilities = 6

func (a AWS) judgeFunctions(u unseen, s StampAWS) []Finding {
	look := func(c Check, fineFormat string, at func(AWSFunction) (wrong string, seen bool)) Finding {
		var e examined
		for _, f := range a.Functions {
			wrong, seen := at(f)
			switch {
			case f.Absent:
				e.note(f.Name + " is absent from " + s.Region)
			case !seen:
				e.miss(f.Name)
			case wrong != "":
				e.note(f.Name + ": " + wrong)
			default:
				e.note("")
			}
		}
		return e.finding(u, c, fineFormat)
	}
	return []Finding{
		look(FunctionCode, "%d functions", func(f AWSFunction) (string, bool) { return f.code(), f.Seen }),
		look(FunctionSettings, "%d functions, alike and without secrets", func(f AWSFunction) (string, bool) { return f.settings(s, a.Functions), f.Seen }),
		a.concurrency(look(FunctionConcurrency, "%d functions can start", func(f AWSFunction) (string, bool) {
			if f.Reserved != nil && *f.Reserved == 0 {
				return "is set to start never", true
			}
			return "", f.Reserved != nil
		})),
		look(FunctionURL, "%d functions: api alone has a URL, and streams", func(f AWSFunction) (string, bool) { return f.entrances() }),
		a.sources(u, s),
		a.logs(u, s),
		a.forwards(u),
		a.clock(u),
	}
}

// concurrency doubts that retention can always start where it shares what the account may run at once. A new account may have too little
// to set any aside, so that it is no breach.
func (a AWS) concurrency(found Finding) Finding {
	shares := slices.ContainsFunc(a.Functions, func(f AWSFunction) bool { return f.Name == RetentionFunction && f.Reserved != nil && *f.Reserved < 0 })
	if found.Outcome == OK && shares {
		return Finding{Check: FunctionConcurrency, Outcome: Unknown, Found: "retention has no concurrency of its own: busy functions of the account can keep it from starting"}
	}
	return found
}

// code judges what a function runs.
func (f AWSFunction) code() string {
	for _, c := range []struct {
		wrong bool
		what  string
	}{
		{f.Runtime != "provided.al2023", "the runtime is " + orNone(f.Runtime)},
		{f.Architecture != "x86_64", "the architecture is " + orNone(f.Architecture)},
		{f.Package != "Zip", "the package is " + orNone(f.Package)},
		{f.Handler != f.Name, "the handler is " + orNone(f.Handler)},
		{f.Role != AWSResource("role/"+f.Name), "runs as " + string(f.Role)},
		{len(f.Layers) > 0, "has layers, which run beside the program: " + strings.Join(f.Layers, ", ")},
		{len(f.Keeps) > 0, "has " + strings.Join(f.Keeps, ", ")},
		{f.Traced, "is traced by X-Ray"},
	} {
		if c.wrong {
			return c.what
		}
	}
	return ""
}

// secretValue knows values that are secrets whatever they are called: access keys of AWS, and private keys.
var secretValue = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b|PRIVATE\+?\s?KEY`)

// namedKey is the setting that names the secret of the signing key and does not hold it.
const namedKey = "LETHE_AWS_SIGNING_KEY"

// settings judges the environment without telling a value. All functions are the same program, so that they share every setting but
// the number of workers.
func (f AWSFunction) settings(s StampAWS, all []AWSFunction) string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(f.Environment)) {
		value := f.Environment[name]
		upper := strings.ToUpper(name)
		private := upper == "LETHE_SIGNING_KEY" || upper == "LETHE_PREVIOUS_KEY" || strings.Contains(upper, "PASSWORD") || strings.Contains(upper, "SECRET")
		switch {
		case private || secretValue.MatchString(value):
			wrong = append(wrong, name+" holds a secret")
		case upper == namedKey && !strings.HasPrefix(value, "arn:"):
			wrong = append(wrong, name+" is no ARN of a secret")
		case upper == "LETHE_AWS_ENDPOINTS" || strings.HasPrefix(upper, "AWS_ENDPOINT_URL"):
			wrong = append(wrong, name+" leads to another storage")
		}
		for _, other := range all {
			if v, set := other.Environment[name]; other.Seen && name != "LETHE_WORKERS" && (!set || v != value) {
				wrong = append(wrong, name+" differs from that of "+other.Name)
				break
			}
		}
	}
	for name, want := range map[string]string{"LETHE_REGION": s.Region, "LETHE_AWS_BUCKET": s.Bucket, "LETHE_AWS_TABLES": s.Tables} {
		if f.Environment[name] != want {
			wrong = append(wrong, name+" is not that of the stamp")
		}
	}
	if f.LogGroup != s.LogGroup() {
		wrong = append(wrong, "logs to "+orNone(f.LogGroup))
	}
	slices.Sort(wrong)
	return strings.Join(wrong, ", ")
}

// entrances judges who may call a function from outside. The URL of the interface is open to everybody, since it asks for secrets and
// tokens itself.
func (f AWSFunction) entrances() (wrong string, seen bool) {
	if f.URL == nil || f.Policy == nil || f.Destinations == nil {
		return "", false
	}
	for _, c := range []struct {
		wrong bool
		what  string
	}{
		{f.Name != APIFunction && f.URL.Auth != "", "has a URL"},
		{f.Name == APIFunction && f.URL.Auth != "NONE", "the access type of the URL is " + orNone(f.URL.Auth)},
		{f.Name == APIFunction && f.URL.Mode != "RESPONSE_STREAM", "the URL does not stream"},
		{f.URL.CORS, "pages of other sites may call the URL"},
		{len(*f.Destinations) > 0, "results go to " + strings.Join(*f.Destinations, ", ")},
		{f.DeadLetters != "", "events that failed go to " + f.DeadLetters},
	} {
		if c.wrong {
			return c.what, true
		}
	}
	if *f.Policy == "" {
		return "", true
	}
	statements, err := policy([]byte(*f.Policy))
	if err != nil {
		return err.Error(), true
	}
	for _, st := range statements {
		if st.Effect == "Allow" && (f.Name != APIFunction || !st.throughURL()) {
			return fmt.Sprintf("%s may call it: %s", st.who(), strings.Join(st.Action, ", ")), true
		}
	}
	return "", true
}

// throughURL reports whether a statement allows calls through the function's URL alone.
func (st statement) throughURL() bool {
	switch {
	case slices.Equal(st.Action, list{"lambda:InvokeFunctionUrl"}):
		return slices.Equal(st.Condition["StringEquals"]["lambda:FunctionUrlAuthType"], list{"NONE"})
	case slices.Equal(st.Action, list{"lambda:InvokeFunction"}):
		return slices.Equal(st.Condition["Bool"]["lambda:InvokedViaFunctionUrl"], list{"true"})
	}
	return false
}

// sources wants each queue to call its function and no other, a message at a time to be given back, and nothing else to call one.
func (a AWS) sources(u unseen, s StampAWS) Finding {
	if a.Sources == nil {
		return u.unknown(FunctionEvents)
	}
	var e examined
	queues := s.Queues()
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		from, to := AWSResource("queue/"+name), AWSResource("function/"+queues[name])
		i := slices.IndexFunc(*a.Sources, func(src AWSSource) bool { return src.From == from && src.To == to })
		if i < 0 {
			e.note(name + " calls nothing")
			continue
		}
		switch src := (*a.Sources)[i]; {
		case !src.Enabled:
			e.note(name + " is switched off")
		case !src.PartialBatch:
			e.note(name + ": a whole batch fails with one message (no ReportBatchItemFailures)")
		case len(src.Failures) > 0:
			e.note(name + ": what failed goes to " + strings.Join(src.Failures, ", "))
		default:
			e.note(a.hidden(name, queues[name]))
		}
	}
	for _, src := range *a.Sources {
		name, ours := strings.CutPrefix(string(src.From), "queue/")
		if !ours || src.To != AWSResource("function/"+queues[name]) {
			e.note(fmt.Sprintf("%s calls %s", src.From, src.To))
		}
	}
	return e.finding(u, FunctionEvents, "%d queues call their functions")
}

// hidden compares a queue's visibility time-out with the time-out of its function, as far as both were seen.
func (a AWS) hidden(queue, function string) string {
	q := slices.IndexFunc(a.Queues, func(q AWSQueue) bool { return q.Name == queue && q.Seen })
	f := slices.IndexFunc(a.Functions, func(f AWSFunction) bool { return f.Name == function && f.Seen })
	if q < 0 || f < 0 {
		return ""
	}
	if visible, timeOut := a.Queues[q].Visibility, a.Functions[f].TimeOut; visible < visibilities*timeOut {
		return fmt.Sprintf("%s shows a message again after %v, and %s has %v for it: want %d times that", queue, visible, function, timeOut, visibilities)
	}
	return ""
}

func (a AWS) logs(u unseen, s StampAWS) Finding {
	if a.Logs == nil {
		return u.unknown(LogRetention)
	}
	var e examined
	if !slices.ContainsFunc(*a.Logs, func(g AWSLogGroup) bool { return g.Name == s.LogGroup() }) {
		e.note(s.LogGroup() + " is absent")
	}
	for _, g := range *a.Logs {
		switch {
		case g.Days == 0:
			e.note(g.Name + " is kept for ever")
		case g.Days > MaximumLogDays:
			e.note(fmt.Sprintf("%s is kept for %d days, at most %d are allowed", g.Name, g.Days, MaximumLogDays))
		default:
			e.note("")
		}
	}
	return e.finding(u, LogRetention, "%d log groups end")
}

func (a AWS) forwards(u unseen) Finding {
	switch {
	case a.Forwards != nil && len(*a.Forwards) > 0:
		return breach(LogForwards, "%s", strings.Join(*a.Forwards, "; "))
	case a.Forwards == nil || u[LogForwards] != "":
		return u.unknown(LogForwards)
	default:
		return fine(LogForwards, "none")
	}
}
