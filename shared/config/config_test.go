package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/config"
)

func TestEveryBadSettingIsReportedAtOnce(t *testing.T) {
	t.Setenv("LETHE_WORKERS", "many")
	t.Setenv("LETHE_PAGE_TIME", "soon")
	t.Setenv("LETHE_MAX_PAGEZ", "5")
	_, err := config.Load()
	if err == nil {
		t.Fatal("the settings were accepted")
	}
	for _, want := range []string{"LETHE_WORKERS", "LETHE_PAGE_TIME", "LETHE_MAX_PAGEZ"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in: %v", want, err)
		}
	}
	for _, value := range []string{"many", "soon"} {
		if strings.Contains(err.Error(), value) {
			t.Errorf("the value %q is repeated in: %v", value, err)
		}
	}
}

func TestRetentionAboveThePromiseIsRefused(t *testing.T) {
	for name, value := range map[string]string{
		"LETHE_RETAIN_PROCESSED":   "25h",
		"LETHE_RETAIN_UNPROCESSED": "49h",
		"LETHE_RETAIN_MARGIN":      "0s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := config.Load(); err == nil {
				t.Errorf("%s=%s was accepted", name, value)
			}
		})
	}
}

func TestDefaultsAreThePromise(t *testing.T) {
	s, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := s.Policy()
	if p.Processed != 24*time.Hour || p.Unprocessed != 48*time.Hour || p.Margin != time.Hour || p.Alarm != 30*time.Minute {
		t.Errorf("default policy is %+v", p)
	}
	if l := s.Limits(); l.Bytes != 200<<20 || l.Pages != 2000 || l.Pixels != 100_000_000 {
		t.Errorf("default limits are %+v", l)
	}
}

func TestVariablesWithoutThePrefixAreNotRead(t *testing.T) {
	t.Setenv("REGION", "elsewhere")
	t.Setenv("DATA", "/elsewhere")
	s, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if s.Region != "local" || s.Data != ".data" {
		t.Errorf("region %q and data %q came from variables of somebody else", s.Region, s.Data)
	}
}

func TestDefaultDoesNotLookAtTheEnvironment(t *testing.T) {
	want, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	want.Cache = "" // a variable of whoever runs the tests
	t.Setenv("LETHE_REGION", "elsewhere")
	t.Setenv("LETHE_WORKERS", "many")
	if got := config.Default(); got != want {
		t.Errorf("default is %+v, want %+v", got, want)
	}
}

func TestNobodyLooksAtDocumentsOrSignsInWithoutATokenUnlessThatIsChosen(t *testing.T) {
	if s := config.Default(); s.Review || !s.OIDCRequired {
		t.Errorf("without a setting documents are kept for review %t, roles take a token %t", s.Review, s.OIDCRequired)
	}
}

func TestHalfAnIssuerIsRefused(t *testing.T) {
	good := map[string]string{"LETHE_OIDC_ISSUER": "https://login.example.org/tenant", "LETHE_OIDC_AUDIENCE": "api://lethe", "LETHE_OIDC_ROLES": "Lethe.Auditor:auditor"}
	for name, change := range map[string]map[string]string{
		"no audience":              {"LETHE_OIDC_AUDIENCE": ""},
		"no issuer":                {"LETHE_OIDC_ISSUER": ""},
		"an issuer without TLS":    {"LETHE_OIDC_ISSUER": "http://login.example.org"},
		"a role that gives tasks":  {"LETHE_OIDC_ROLES": "Lethe.Client:read"},
		"a log that forgets today": {"LETHE_RETAIN_ACCESS_LOG": "1h"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range good {
				t.Setenv(variable, value)
			}
			if _, err := config.Load(); err != nil {
				t.Fatal(err)
			}
			for variable, value := range change {
				t.Setenv(variable, value)
			}
			if s, err := config.Load(); err == nil {
				t.Errorf("accepted: %+v", s)
			}
		})
	}
}

func TestPeopleSignInAtThePageOnlyWithAWholeAndSafeChoice(t *testing.T) {
	good := map[string]string{
		"LETHE_OIDC_ISSUER": "https://login.example.org/tenant", "LETHE_OIDC_AUDIENCE": "api://lethe", "LETHE_OIDC_CLIENT_ID": "lethe-page",
		"LETHE_PAGE_APP": "3b0f4c9e-2f3a-4d55-9a0e-0d5a3c1b7e21", "LETHE_OIDC_SCOPE": "openid api://lethe/Use",
	}
	for name, change := range map[string]map[string]string{
		"no application":                   {"LETHE_PAGE_APP": ""},
		"no client":                        {"LETHE_OIDC_CLIENT_ID": ""},
		"no issuer":                        {"LETHE_OIDC_ISSUER": "", "LETHE_OIDC_AUDIENCE": ""},
		"an audience that ID tokens have":  {"LETHE_OIDC_AUDIENCE": "lethe-page"},
		"an application that is no UUID":   {"LETHE_PAGE_APP": "deployed"},
		"a client that no issuer calls so": {"LETHE_OIDC_CLIENT_ID": "lethe page"},
		"no OpenID Connect":                {"LETHE_OIDC_SCOPE": "api://lethe/Use"},
		"a refresh token":                  {"LETHE_OIDC_SCOPE": "openid offline_access"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range good {
				t.Setenv(variable, value)
			}
			if _, err := config.Load(); err != nil {
				t.Fatal(err)
			}
			for variable, value := range change {
				t.Setenv(variable, value)
			}
			if s, err := config.Load(); err == nil {
				t.Errorf("accepted: %+v", s)
			}
		})
	}
}

func TestFallbackKeepsTheShorterRetentionThatWasAskedFor(t *testing.T) {
	t.Setenv("LETHE_WORKERS", "many")
	t.Setenv("LETHE_RETAIN_PROCESSED", "2h")
	t.Setenv("LETHE_RETAIN_UNPROCESSED", "60h")
	if _, err := config.Load(); err == nil {
		t.Fatal("the settings are right")
	}
	if p := config.Fallback().Policy(); p.Processed != 2*time.Hour || p.Unprocessed != 48*time.Hour {
		t.Errorf("the program erases by %+v", p)
	}
	t.Setenv("LETHE_RETAIN_PROCESSED", "1m") // shorter than its margin
	if p := config.Fallback().Policy(); p.Validate() != nil {
		t.Errorf("the program erases by %+v", p)
	}
}

func TestFallbackKeepsThePlaceWhereDocumentsAre(t *testing.T) {
	for retain, margin := range map[string]string{"2h": "1h", "1m": "1h", "many": "many"} {
		t.Setenv("LETHE_RETAIN_PROCESSED", retain)
		t.Setenv("LETHE_RETAIN_MARGIN", margin)
		want := config.Fallback()
		for variable, field := range map[string]*string{
			"LETHE_REGION": &want.Region, "LETHE_AWS_BUCKET": &want.AWSBucket, "LETHE_AWS_TABLES": &want.AWSTables, "LETHE_AWS_QUEUE": &want.AWSQueue, "LETHE_AWS_NOTIFY_QUEUE": &want.AWSNotify,
			"LETHE_AWS_SIGNING_KEY": &want.AWSSigningKey, "LETHE_AWS_KEY": &want.AWSKey, "LETHE_AWS_ENDPOINTS": &want.AWSEndpoints,
		} {
			*field = "the value of " + variable
			t.Setenv(variable, *field)
		}
		if got := config.Fallback(); got != want {
			t.Errorf("the program goes on with %+v, want %+v", got, want)
		}
	}
}

func TestSandboxIsRequiredUnlessSomebodySaysOtherwise(t *testing.T) {
	s, err := config.Load()
	if err != nil || s.Sandbox != config.SandboxRequired || config.Default().Sandbox != config.SandboxRequired {
		t.Errorf("the default is %q, of wrong settings %q (%v)", s.Sandbox, config.Default().Sandbox, err)
	}
	t.Setenv("LETHE_SANDBOX", "best-effort")
	if s, err = config.Load(); err != nil || s.Sandbox != config.SandboxBestEffort {
		t.Errorf("got %q, %v", s.Sandbox, err)
	}
	if s := config.Fallback(); s.Sandbox != config.SandboxRequired {
		t.Errorf("a program whose settings are wrong takes %q", s.Sandbox)
	}
	t.Setenv("LETHE_SANDBOX", "off")
	if _, err := config.Load(); err == nil || !strings.Contains(err.Error(), "required or best-effort") {
		t.Errorf("got %v", err)
	}
}

func TestEngineIsOneOfTwo(t *testing.T) {
	if s, err := config.Load(); err != nil || s.Engine != config.EngineTesseract {
		t.Errorf("the default is %q, %v", s.Engine, err)
	}
	t.Setenv("LETHE_ENGINE", "gosseract")
	if s, err := config.Load(); err != nil || s.Engine != config.EngineGosseract {
		t.Errorf("got %q, %v", s.Engine, err)
	}
	t.Setenv("LETHE_ENGINE", "abbyy")
	if _, err := config.Load(); err == nil || !strings.Contains(err.Error(), "LETHE_ENGINE") {
		t.Errorf("got %v", err)
	}
}
