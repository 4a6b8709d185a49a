// Package config reads the program's settings from LETHE_ variables. It reports every bad setting at once, with its name
// and what is allowed.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/loopback"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// Prefix begins the name of every setting.
const Prefix = "LETHE"

// ResultsByAPI is the choice for results that no link leads to.
const ResultsByAPI = "api"

// Settings are the program's settings in every role. The variable of a field is LETHE_ and its envconfig tag in capitals. What is
// tagged kept decides what becomes of documents: the operator's verbs take it from the server whose folder they work on. What is
// tagged place says where they are.
type Settings struct {
	Data           string `envconfig:"DATA" default:".data" desc:"folder of the embedded storage"`
	Listen         string `envconfig:"LISTEN" default:"127.0.0.1:8080" desc:"address to listen on"`
	PublicURL      string `envconfig:"PUBLIC_URL" desc:"address under which clients reach the server, with which links begin; by default the one it listens on, which behind a proxy or on all addresses of the machine is none"`
	TLSCert        string `envconfig:"TLS_CERT" desc:"certificate file (PEM)"`
	TLSKey         string `envconfig:"TLS_KEY" desc:"key file (PEM)"`
	BehindProxy    bool   `envconfig:"BEHIND_PROXY" desc:"a reverse proxy terminates TLS, so plain HTTP beyond loopback is intended"`
	TrustedProxies string `envconfig:"TRUSTED_PROXIES" desc:"addresses and networks of reverse proxies, such as 127.0.0.1,10.0.0.0/8, whose X-Forwarded-For names the client; it is ignored from everybody else, as other headers of proxies are from everybody"`
	Page           string `envconfig:"PAGE" desc:"on or off: the page for people at /; by default on where links begin with an address of the machine itself, such as 127.0.0.1"`
	Region         string `envconfig:"REGION" kept:"yes" place:"yes" default:"local" desc:"region the stamp lives in"`

	Cache    string `envconfig:"CACHE" desc:"folder of the PDF compilation cache, which others may not write to; by default below the user's cache folder, or that of temporary files"`
	Tessdata string `envconfig:"TESSDATA" desc:"folder of the language data; by default Tesseract's own"`

	Webhooks     bool   `envconfig:"WEBHOOKS" kept:"yes" default:"false" desc:"true: tell applications at addresses of theirs what became of their tasks; ids and times may then leave the region"`
	WebhookAllow string `envconfig:"WEBHOOK_ALLOW" kept:"yes" desc:"hosts, such as hooks.example.org,*.example.com, beside which no webhook is told anything; and networks, such as 10.1.0.0/16, whose private addresses may be reached"`

	Reserve          int64 `envconfig:"RESERVE_MIB" kept:"yes" default:"64" desc:"disk space in MiB, reserved in the data folder, that only deletion may use"`
	FreeFloor        int64 `envconfig:"FREE_FLOOR_MIB" kept:"yes" default:"1024" desc:"free space in MiB below which the server accepts no documents"`
	MaxStored        int64 `envconfig:"MAX_STORED_MIB" kept:"yes" desc:"most MiB that one application may have stored, unless it has a cap of its own; by default a quarter of the space that is free at the start, 1 TiB on clouds"`
	FreeFloorPercent int   `envconfig:"FREE_FLOOR_PERCENT" kept:"yes" default:"5" desc:"the same in per cent of the disk; the larger of the two applies"`

	Workers      int           `envconfig:"WORKERS" desc:"worker processes; by default one for each core"`
	WorkerMemory int64         `envconfig:"WORKER_MEMORY_MIB" default:"1536" desc:"memory limit of one worker process in MiB; all together may use this times their number"`
	WorkerPages  int           `envconfig:"WORKER_PAGES" default:"200" desc:"pages after which a worker process is replaced"`
	PageTime     time.Duration `envconfig:"PAGE_TIME" default:"2m" desc:"processor time limit of one page"`
	DrawTime     time.Duration `envconfig:"DRAW_TIME" default:"15s" desc:"processor time limit for rendering one page, before it is recognised"`

	Engine  string `envconfig:"ENGINE" default:"tesseract" desc:"what recognises text: tesseract; or gosseract, the reference that it is compared with, which is slower and knows neither baselines nor sizes"`
	Sandbox string `envconfig:"SANDBOX" desc:"required: accept no documents unless worker processes are confined, as lethe doctor --sandbox checks; best-effort: confine them as far as the kernel can (default required; best-effort for lethe read)"`

	MaxBytes    int64 `envconfig:"MAX_MIB" kept:"yes" default:"200" desc:"largest document in MiB"`
	MaxPages    int   `envconfig:"MAX_PAGES" kept:"yes" default:"2000" desc:"most pages of a document"`
	PartPages   int   `envconfig:"PART_PAGES" kept:"yes" default:"8" desc:"a document of more pages is read in parts of at most so many, by as many workers as there are; 0 to read every document whole"`
	PartsAtOnce int   `envconfig:"PARTS_AT_ONCE" kept:"yes" default:"64" desc:"parts of one application's documents that are read or wait at once, so that large documents leave room to those of others; every document has at least one"`

	MaxPixels int64 `envconfig:"MAX_MEGAPIXELS" kept:"yes" default:"100" desc:"most megapixels of a page"`

	RetainProcessed   time.Duration `envconfig:"RETAIN_PROCESSED" kept:"yes" default:"24h" desc:"everything is deleted within this time after processing; at most 24h"`
	RetainUnprocessed time.Duration `envconfig:"RETAIN_UNPROCESSED" kept:"yes" default:"48h" desc:"everything is deleted within this time after upload; at most 48h"`
	RetainMargin      time.Duration `envconfig:"RETAIN_MARGIN" kept:"yes" default:"1h" desc:"how long before these limits deletion begins"`
	Deadline          time.Duration `envconfig:"DEADLINE" kept:"yes" default:"50m" desc:"how long one invocation works on a document before it hands over the rest"`
	BootstrapApp      string        `envconfig:"BOOTSTRAP_APP" desc:"id of the first application of a new stamp"`
	BootstrapHash     string        `envconfig:"BOOTSTRAP_HASH" desc:"SHA-256 of its secret in hex"`

	Review         bool          `envconfig:"REVIEW" kept:"yes" default:"false" desc:"keep documents that made the engine fail until their deadline, so that two reviewers can examine them in a recorded case"`
	CanaryInterval time.Duration `envconfig:"CANARY_INTERVAL" default:"0s" desc:"interval at which a synthetic page tests the whole service, 15m or longer, since a page is gone only then; 0 for never"`
	Results        string        `envconfig:"RESULTS" kept:"yes" default:"link" desc:"api: results only through the program, which closes transfers when their task is deleted; link: also through short-lived links"`
	Intake         string        `envconfig:"INTAKE" default:"open" desc:"closed: accept no new documents; downloads and deletion continue"`

	SigningKey  string `envconfig:"SIGNING_KEY" desc:"private key that signs receipts and the ledger, as created by lethe keygen; on one machine created at the first start"`
	PreviousKey string `envconfig:"PREVIOUS_KEY" desc:"the previous key, until the ledger has recorded the change"`

	AWSBucket     string `envconfig:"AWS_BUCKET" place:"yes" desc:"bucket of a stamp on AWS, for its functions"`
	AWSTables     string `envconfig:"AWS_TABLES" place:"yes" desc:"what the names of its tables begin with"`
	AWSQueue      string `envconfig:"AWS_QUEUE" place:"yes" desc:"address of its queue of tasks"`
	AWSNotify     string `envconfig:"AWS_NOTIFY_QUEUE" place:"yes" desc:"address of its queue of webhooks, where they are on"`
	AWSSigningKey string `envconfig:"AWS_SIGNING_KEY" place:"yes" desc:"ARN of the secret with its signing key"`
	AWSKey        string `envconfig:"AWS_KEY" place:"yes" desc:"ARN of the key that everything of it must be encrypted with; by default any one key, or none of yours"`
	AWSEndpoints  string `envconfig:"AWS_ENDPOINTS" place:"yes" desc:"emulators on this machine instead of AWS, such as s3=http://127.0.0.1:7070,dynamodb=http://127.0.0.1:8000,sqs=http://127.0.0.1:4566"`

	OIDCIssuer       string        `envconfig:"OIDC_ISSUER" desc:"address of an OpenID Connect issuer whose tokens are accepted in addition to secrets"`
	OIDCAudience     string        `envconfig:"OIDC_AUDIENCE" desc:"audience of tokens for this service"`
	OIDCRolesClaim   string        `envconfig:"OIDC_ROLES_CLAIM" default:"roles" desc:"claim that lists a person's roles"`
	OIDCRoles        string        `envconfig:"OIDC_ROLES" desc:"scopes that roles give, such as Lethe.Operator:operator,Lethe.Auditor:auditor,Lethe.Reviewer:reviewer"`
	OIDCSubjectClaim string        `envconfig:"OIDC_SUBJECT_CLAIM" default:"sub" desc:"claim that identifies a person in every client: oid for Entra ID, whose sub differs between clients"`
	OIDCClientID     string        `envconfig:"OIDC_CLIENT_ID" desc:"client of the issuer, a public one, with which people sign in at the page; the issuer lets them return to /page/signed-in.html at the page's address"`
	OIDCScope        string        `envconfig:"OIDC_SCOPE" default:"openid" desc:"scopes that the page asks the issuer for, with spaces between them: with Entra ID openid and one of this service's"`
	OIDCResource     string        `envconfig:"OIDC_RESOURCE" desc:"resource that the page asks the issuer for a token of (RFC 8707); by default none, where the scopes decide"`
	PageApp          string        `envconfig:"PAGE_APP" desc:"id of the application inside which people who sign in at the page own their tasks, with its scopes submit, read and delete, and its limits for all of them together, half for each"`
	OIDCRequired     bool          `envconfig:"OIDC_REQUIRED" default:"true" desc:"give the scopes operator, auditor and reviewer by token only, and to nobody without an issuer; false: an application's secret can give them too"`
	RetainAccessLog  time.Duration `envconfig:"RETAIN_ACCESS_LOG" kept:"yes" default:"9600h" desc:"how long entries of the access log are kept"`

	RatePerSecond float64 `envconfig:"RATE_PER_SECOND" default:"50" desc:"requests per second of one application"`
	RateBurst     int     `envconfig:"RATE_BURST" default:"200" desc:"requests of one application in a burst"`

	SweepInterval    time.Duration `envconfig:"SWEEP_INTERVAL" default:"5m" desc:"time between sweeps"`
	FullPassInterval time.Duration `envconfig:"FULL_PASS_INTERVAL" default:"1h" desc:"time between the beginnings of full passes; one that takes longer goes on first"`
}

// The values of Settings.Engine.
const (
	EngineTesseract = "tesseract"
	EngineGosseract = "gosseract"
)

// The values of Settings.Sandbox.
const (
	SandboxRequired   = "required"
	SandboxBestEffort = "best-effort"
)

// The values of Settings.Page that are not empty.
const (
	PageOn  = "on"
	PageOff = "off"
)

// Load reads the settings from the environment and then lets the overrides change them. The error joins one line for each
// bad setting.
func Load(overrides ...func(*Settings)) (Settings, error) {
	var s Settings
	if err := errors.Join(process(&s, variable), errors.Join(unknown(reflect.TypeFor[Settings]())...)); err != nil {
		return Settings{}, &Error{err}
	}
	for _, override := range overrides {
		override(&s)
	}
	s.complete()
	if err := s.validate(); err != nil {
		return s, &Error{err}
	}
	return s, nil
}

// Error says what is wrong with settings, all at once.
type Error struct{ err error }

// Error implements error.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.err }

// Default returns the settings of an empty environment. A program whose settings are wrong goes on erasing with them.
func Default() Settings {
	var s Settings
	if err := process(&s, func(string) string { return "=" /* no variable has such a name */ }); err != nil {
		panic(err) // a default of this package cannot be read: no test would have passed
	}
	s.complete()
	return s
}

// complete fills in defaults that depend on the machine or on the verb.
func (s *Settings) complete() {
	if s.Workers == 0 {
		s.Workers = runtime.NumCPU()
	}
	if s.Sandbox == "" {
		s.Sandbox = SandboxRequired
	}
}

// Fallback returns the settings with which a program whose settings are wrong goes on erasing: the defaults, the place where
// the documents are, and of the retention that was asked for whatever is readable and shorter.
func Fallback() Settings {
	s := Default()
	var asked Settings
	_ = process(&asked, variable) // what cannot be read stays zero
	for _, f := range []struct{ to, from *time.Duration }{
		{&s.RetainProcessed, &asked.RetainProcessed}, {&s.RetainUnprocessed, &asked.RetainUnprocessed}, {&s.RetainMargin, &asked.RetainMargin},
	} {
		if *f.from > 0 && *f.from < *f.to {
			*f.to = *f.from
		}
	}
	if s.Policy().Validate() != nil {
		s = Default()
	}
	to, from := reflect.ValueOf(&s).Elem(), reflect.ValueOf(asked)
	for i := range to.NumField() {
		if to.Type().Field(i).Tag.Get(placed) != "" {
			to.Field(i).Set(from.Field(i))
		}
	}
	return s
}

// placed is the tag of fields that say where documents are. All are text, which is always readable.
const placed = "place"

// variable is the environment's name of a setting.
func variable(name string) string { return Prefix + "_" + name }

// process reads field by field, since envconfig stops at the first field that it cannot parse. Each field is given its
// whole variable name: with a prefix, envconfig would also take a variable that lacks it.
func process(s *Settings, name func(string) string) error {
	var errs []error
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		variable, desc := name(field.Tag.Get("envconfig")), field.Tag.Get("desc")
		field.Tag = reflect.StructTag(fmt.Sprintf("envconfig:%q default:%q", variable, field.Tag.Get("default")))
		one := reflect.New(reflect.StructOf([]reflect.StructField{field}))
		if err := envconfig.Process("", one.Interface()); err != nil {
			if bad, ok := errors.AsType[*envconfig.ParseError](err); ok {
				err = fmt.Errorf("%s: must be %s (%s)", bad.KeyName, form(field.Type), desc)
			}
			errs = append(errs, err)
			continue
		}
		v.Field(i).Set(one.Elem().Field(0))
	}
	return errors.Join(errs...)
}

// form says what the values of a type look like.
func form(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 90s, 15m or 24h"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

// clientVariables are read by the client verbs and the build, not here.
func clientVariables() []string {
	return []string{"URL", "APP", "SECRET", "TOKEN", "CA_FILE", "SOAK", "CORPUS", "SCHEMAS", "BIN", "STAGE", "PACKAGE_LANGUAGES"}
}

// unknown reports LETHE_ variables that are no setting: a misspelt limit must not silently be the default.
func unknown(t reflect.Type) []error {
	known := map[string]bool{}
	for _, name := range clientVariables() {
		known[name] = true
	}
	for i := range t.NumField() {
		known[t.Field(i).Tag.Get("envconfig")] = true
	}
	var errs []error
	for _, env := range os.Environ() {
		name, _, _ := strings.Cut(env, "=")
		if short, ok := strings.CutPrefix(name, Prefix+"_"); ok && !known[short] {
			errs = append(errs, fmt.Errorf("%s: no such setting; `lethe serve --help` lists them", name))
		}
	}
	return errs
}

func (s Settings) validate() error {
	var errs []error
	check := func(ok bool, name, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s_%s: %s", Prefix, name, want))
		}
	}
	check(s.Data != "", "DATA", "must name a folder")
	check((s.TLSCert == "") == (s.TLSKey == ""), "TLS_CERT", "certificate and key come together: set LETHE_TLS_KEY too, or neither")
	check(s.PublicURL == "" || isAddress(s.PublicURL), "PUBLIC_URL", "must be an address that clients can use, such as https://ocr.example.org, without query")
	check(s.Page == "" || s.Page == PageOn || s.Page == PageOff, "PAGE", "must be on or off")
	_, allowed := webhook.ParseAllowed(s.WebhookAllow)
	check(allowed == nil, "WEBHOOK_ALLOW", "must be hosts and networks with commas between them, such as hooks.example.org,*.example.com,10.1.0.0/16")
	_, proxies := access.ParseProxies(s.TrustedProxies)
	check(proxies == nil, "TRUSTED_PROXIES", "must be addresses and networks with commas between them, such as 127.0.0.1,10.0.0.0/8")
	check(s.Reserve >= 1 && s.Reserve <= 1<<20, "RESERVE_MIB", "must be 1 to 1048576")
	check(s.FreeFloor >= 0 && s.FreeFloor <= 1<<30, "FREE_FLOOR_MIB", "must be 0 to 1073741824")
	check(s.MaxStored >= 0 && s.MaxStored <= 1<<30, "MAX_STORED_MIB", "must be 1 to 1073741824, or 0 for the default")
	check(s.FreeFloorPercent >= 0 && s.FreeFloorPercent <= 90, "FREE_FLOOR_PERCENT", "must be 0 to 90")
	check(s.Workers >= 1 && s.Workers <= 256, "WORKERS", "must be 1 to 256")
	check(s.WorkerMemory >= 256 && s.WorkerMemory <= 64<<10, "WORKER_MEMORY_MIB", "must be 256 to 65536")
	check(s.WorkerPages >= 1, "WORKER_PAGES", "must be at least 1")
	check(s.PageTime >= time.Second && s.PageTime <= time.Hour, "PAGE_TIME", "must be 1s to 1h")
	check(s.DrawTime >= time.Second && s.DrawTime <= time.Hour, "DRAW_TIME", "must be 1s to 1h")
	check(s.MaxBytes >= 1 && s.MaxBytes <= 4<<10, "MAX_MIB", "must be 1 to 4096")
	check(s.MaxPages >= 1 && s.MaxPages <= 100_000, "MAX_PAGES", "must be 1 to 100000")
	check(s.PartPages >= 0 && s.PartPages <= 100_000, "PART_PAGES", "must be 0 to 100000")
	check(s.PartsAtOnce >= 1 && s.PartsAtOnce <= 1000, "PARTS_AT_ONCE", "must be 1 to 1000")
	check(s.MaxPixels >= 1 && s.MaxPixels <= 1000, "MAX_MEGAPIXELS", "must be 1 to 1000")
	check(s.RatePerSecond > 0, "RATE_PER_SECOND", "must be above 0")
	check(s.RateBurst >= 1, "RATE_BURST", "must be at least 1")
	check(s.Deadline >= time.Second && s.Deadline <= 55*time.Minute, "DEADLINE", "must be 1s to 55m, below the host's own timeout")
	check((s.BootstrapApp == "") == (s.BootstrapHash == ""), "BOOTSTRAP_APP", "id and hash come together: set LETHE_BOOTSTRAP_HASH too, or neither")
	check((s.OIDCIssuer == "") == (s.OIDCAudience == ""), "OIDC_ISSUER", "issuer and audience come together: set LETHE_OIDC_AUDIENCE too, or neither")
	check(s.OIDCIssuer == "" || access.CheckIssuer(s.OIDCIssuer) == nil, "OIDC_ISSUER", "must be an https address without query; http on the machine itself only")
	roles, err := access.ParseRoles(s.OIDCRoles)
	check(err == nil, "OIDC_ROLES", "must be role:scope,role:scope, each role once, with the scopes operator, auditor, reviewer and admin")
	check(len(roles) == 0 || s.OIDCIssuer != "", "OIDC_ROLES", "roles come in tokens: set LETHE_OIDC_ISSUER too")
	check((s.OIDCClientID == "") == (s.PageApp == ""), "OIDC_CLIENT_ID", "client and application come together: set LETHE_PAGE_APP too, or neither")
	check(s.OIDCClientID == "" || s.OIDCIssuer != "", "OIDC_CLIENT_ID", "is a client of an issuer: set LETHE_OIDC_ISSUER too")
	check(s.OIDCClientID == "" || access.IsClient(s.OIDCClientID), "OIDC_CLIENT_ID", "must be the issuer's client id: 1 to 200 letters, digits and . _ ~ : / @ -")
	check(s.OIDCClientID == "" || s.OIDCClientID != s.OIDCAudience, "OIDC_CLIENT_ID", "must not be the audience: ID tokens of the client have it, and would be taken for access tokens")
	check(s.PageApp == "" || task.IsApplication(s.PageApp), "PAGE_APP", "must be the id of an application, a UUID")
	check(slices.Contains(strings.Fields(s.OIDCScope), "openid") && !slices.Contains(strings.Fields(s.OIDCScope), "offline_access"), "OIDC_SCOPE", "must contain openid, and not offline_access: the page takes no refresh token")
	check(s.OIDCRolesClaim != "", "OIDC_ROLES_CLAIM", "must name a claim")
	check(s.OIDCSubjectClaim != "", "OIDC_SUBJECT_CLAIM", "must name a claim")
	check(s.RetainAccessLog >= 24*time.Hour && s.RetainAccessLog <= 10*366*24*time.Hour, "RETAIN_ACCESS_LOG", "must be 24h to 87840h")
	check(s.CanaryInterval == 0 || s.CanaryInterval >= 5*time.Minute && s.CanaryInterval <= 24*time.Hour, "CANARY_INTERVAL", "must be 0 or 5m to 24h")
	check(s.Results == "link" || s.Results == ResultsByAPI, "RESULTS", "must be link or api")
	check(s.Sandbox == SandboxRequired || s.Sandbox == SandboxBestEffort, "SANDBOX", "must be required or best-effort")
	check(s.Engine == EngineTesseract || s.Engine == EngineGosseract, "ENGINE", "must be tesseract or gosseract")
	check(s.Intake == "open" || s.Intake == "closed", "INTAKE", "must be open or closed")
	check(s.SweepInterval >= time.Second && s.SweepInterval <= 10*time.Minute, "SWEEP_INTERVAL", "must be 1s to 10m")
	check(s.FullPassInterval >= time.Minute && s.FullPassInterval <= 24*time.Hour, "FULL_PASS_INTERVAL", "must be 1m to 24h")
	for name, key := range map[string]string{"SIGNING_KEY": s.SigningKey, "PREVIOUS_KEY": s.PreviousKey} {
		_, err := ledger.ParseSigner(key)
		check(key == "" || err == nil, name, "must be a private key as `lethe keygen` makes it")
	}
	if err := s.Policy().Validate(); err != nil {
		errs = append(errs, fmt.Errorf("%[1]s_RETAIN_PROCESSED, %[1]s_RETAIN_UNPROCESSED or %[1]s_RETAIN_MARGIN: %[2]w", Prefix, err))
	}
	return errors.Join(errs...)
}

// isAddress reports whether links can begin with the text.
func isAddress(text string) bool {
	at, err := url.Parse(text)
	return err == nil && (at.Scheme == "https" || at.Scheme == "http") && !loopback.Every(at.Hostname()) &&
		at.User == nil && at.RawQuery == "" && at.Fragment == ""
}

// Policy returns the retention that the settings ask for.
func (s Settings) Policy() retention.Policy {
	p := retention.Default()
	p.Processed, p.Unprocessed, p.Margin = s.RetainProcessed, s.RetainUnprocessed, s.RetainMargin
	p.Submission = min(p.Submission, p.Unprocessed)
	p.Alarm = p.Margin / 2
	return p
}

// Limits returns the limits of documents that the settings ask for.
func (s Settings) Limits() ocr.Limits {
	return ocr.Limits{Bytes: s.MaxBytes << 20, Pages: s.MaxPages, Pixels: s.MaxPixels * 1_000_000}
}

// Usage describes every setting, one line each: name, default, meaning.
func Usage() string {
	var b strings.Builder
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		fmt.Fprintf(&b, "  %s_%-20s %s", Prefix, tag.Get("envconfig"), tag.Get("desc"))
		if d := tag.Get("default"); d != "" {
			fmt.Fprintf(&b, " (default %s)", d)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
