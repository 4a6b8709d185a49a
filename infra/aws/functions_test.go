package aws_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
)

// named is the logical id of a function, or of its role with another ending.
func named(function, ending string) string {
	return strings.ToUpper(function[:1]) + function[1:] + ending
}

// environment are the settings of a function.
func (s stamp) environment(function string) map[string]string {
	all := map[string]string{}
	variables, _ := s.resources[named(function, "Function")].at("Properties.Environment.Variables").(map[string]any)
	for name, v := range variables {
		all[name] = text(v)
	}
	return all
}

// parameter is the value of a parameter, or what the template begins with.
func (s stamp) parameter(name, usual string) string {
	if v, ok := s.parameters[name]; ok {
		return v
	}
	return usual
}

func functionRules() []rule {
	return []rule{
		{
			name: "there is each function, under its name, with its own handler and role",
			check: func(s stamp) []string {
				want := []string{"ApiFunction", "OcrFunction", "RequeueFunction", "PoisonFunction", "RetentionFunction"}
				if s.told() {
					want = append(want, "NotifyFunction")
				}
				wrong := differ("functions", s.ids(functions), want)
				for _, f := range s.functions() {
					r, name := s.resources[named(f, "Function")], "lethe-"+s.region+"-"+f
					if r.str("Properties.FunctionName") != name || r.str("Properties.Handler") != f || r.str("Properties.Role") != arn(roles, s.region, name) {
						wrong = append(wrong, f+" is "+r.str("Properties.FunctionName")+" with "+r.str("Properties.Handler"))
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("PoisonFunction", "Role", s.resources["ApiFunction"].str("Properties.Role")) },
		},
		{
			name: "a function has a core for each worker process, and time to hand on what is left",
			check: func(s stamp) []string {
				var wrong []string
				for _, f := range s.functions() {
					r := s.resources[named(f, "Function")]
					var memory, workers float64
					if _, err := fmt.Sscan(text(r.at("Properties.MemorySize"))+" "+s.environment(f)["LETHE_WORKERS"], &memory, &workers); err != nil {
						wrong = append(wrong, f+": "+err.Error())
					}
					deadline, err := time.ParseDuration(s.environment(f)["LETHE_DEADLINE"])
					timeOut := r.seconds("Properties.Timeout")
					switch {
					case err != nil || memory < 1700*workers || memory > 10240 || workers < 1:
						wrong = append(wrong, fmt.Sprintf("%s: %v MB for %v workers", f, memory, workers))
					case timeOut > 15*time.Minute || f != doctor.PoisonFunction && f != doctor.NotifyFunction && timeOut < deadline+2*time.Minute:
						wrong = append(wrong, fmt.Sprintf("%s: %v, with work until %v", f, timeOut, deadline))
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("OcrFunction", "MemorySize", "512") },
		},
		{
			name: "retention keeps concurrency of its own, and a queue asks for no more than its function has",
			check: func(s stamp) []string {
				var wrong []string
				number := func(v any) int {
					n := 0
					_, _ = fmt.Sscan(text(v), &n)
					return n
				}
				for _, f := range s.functions() {
					reserved := s.resources[named(f, "Function")].at("Properties.ReservedConcurrentExecutions")
					most := s.resources[named(f, "Source")].at("Properties.ScalingConfig.MaximumConcurrency")
					switch {
					case s.parameter("ReserveConcurrency", "true") == "false" && reserved != nil:
						wrong = append(wrong, f+" sets concurrency aside")
					case s.parameter("ReserveConcurrency", "true") == "true" && number(reserved) < 2:
						wrong = append(wrong, f+" has no concurrency")
					case most != nil && (number(most) < 2 || reserved != nil && number(most) > number(reserved)):
						wrong = append(wrong, fmt.Sprintf("%s: its queue asks for %v of %v", f, most, reserved))
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("RetentionFunction", "ReservedConcurrentExecutions", nil) },
		},
		{
			name: "all functions have the settings of the stamp, and differ in the number of workers alone",
			check: func(s stamp) []string {
				want := map[string]string{
					"LETHE_REGION": s.region, "LETHE_AWS_BUCKET": s.resources["Bucket"].str("Properties.BucketName"), "LETHE_AWS_TABLES": "lethe-" + s.region + "-",
					"LETHE_AWS_QUEUE":       "https://sqs." + s.region + ".amazonaws.com/" + account + "/lethe-" + s.region + "-requeue",
					"LETHE_AWS_SIGNING_KEY": arn(secrets, s.region, "SigningKey"), "LETHE_AWS_KEY": "",
					"LETHE_RETAIN_PROCESSED":   s.limit("results").String(),
					"LETHE_RETAIN_UNPROCESSED": s.limit("uploads").String(),
					"LETHE_RETAIN_MARGIN":      min(time.Hour, s.limit("results")/2).String(),
					"LETHE_DEADLINE":           "12m0s", "LETHE_CANARY_INTERVAL": "1h0m0s", "LETHE_FULL_PASS_INTERVAL": "1h0m0s", "STARTED": "0s",
					"LETHE_INTAKE": s.parameter("Intake", "open"), "LETHE_RESULTS": s.parameter("Results", "link"),
					"LETHE_SANDBOX": s.parameter("Sandbox", config.SandboxRequired), "LETHE_REVIEW": s.parameter("Review", "false"),
					"LETHE_AWS_NOTIFY_QUEUE": "", "LETHE_WEBHOOKS": s.parameter("Webhooks", "false"), "LETHE_WEBHOOK_ALLOW": s.parameter("WebhookAllow", ""),
					"LETHE_OIDC_REQUIRED": map[string]string{"true": "false", "false": "true"}[s.parameter("RolesBySecret", "false")],
					"LETHE_OIDC_ISSUER":   s.parameter("OIDCIssuer", ""), "LETHE_OIDC_AUDIENCE": s.parameter("OIDCAudience", ""), "LETHE_OIDC_ROLES": s.parameter("OIDCRoles", ""),
					"LETHE_OIDC_CLIENT_ID": s.parameter("OIDCClientID", ""), "LETHE_OIDC_SCOPE": s.parameter("OIDCScope", "openid"), "LETHE_OIDC_RESOURCE": s.parameter("OIDCResource", ""),
					"LETHE_PAGE": map[bool]string{true: config.PageOn, false: config.PageOff}[s.parameter("PageOrigin", "") != ""], "LETHE_PAGE_APP": s.parameter("PageApp", ""),
					"LETHE_PUBLIC_URL": s.parameter("PublicURL", ""), "LETHE_BOOTSTRAP_APP": s.parameter("BootstrapApp", ""), "LETHE_BOOTSTRAP_HASH": s.parameter("BootstrapHash", ""),
				}
				if s.parameter("Closing", "false") == "true" { // what is left is due at the next sweep
					want["LETHE_INTAKE"], want["LETHE_RETAIN_PROCESSED"], want["LETHE_RETAIN_UNPROCESSED"] = "closed", "2m0s", "2m0s"
					want["LETHE_RETAIN_MARGIN"], want["LETHE_FULL_PASS_INTERVAL"] = "1m0s", "1m0s"
				}
				if s.told() {
					want["LETHE_AWS_NOTIFY_QUEUE"] = "https://sqs." + s.region + ".amazonaws.com/" + account + "/lethe-" + s.region + "-notify"
				}
				if s.key() {
					want["LETHE_AWS_KEY"] = arn(keys, s.region, "Key")
				}
				var wrong []string
				for _, f := range s.functions() {
					got := s.environment(f)
					delete(got, "LETHE_WORKERS")
					for _, name := range slices.Sorted(maps.Keys(got)) {
						if d, err := time.ParseDuration(got[name]); err == nil {
							got[name] = d.String()
						}
						if w, known := want[name]; !known || w != got[name] {
							wrong = append(wrong, fmt.Sprintf("%s: %s=%s, want %s", f, name, got[name], w))
						}
					}
					if len(got) != len(want) {
						wrong = append(wrong, fmt.Sprintf("%s has %d settings, want %d", f, len(got), len(want)))
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("PoisonFunction", "Environment.Variables.LETHE_RETAIN_UNPROCESSED", "480h") },
		},
		{
			name: "functions log to the program's log",
			check: func(s stamp) []string {
				return s.each(functions, func(_ string, r resource) string {
					if got := r.str("Properties.LoggingConfig.LogGroup"); got != "/aws/lambda/lethe-"+s.region || got != s.resources["ProgramLog"].str("Properties.LogGroupName") {
						return got
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("OcrFunction", "LoggingConfig.LogGroup", "/aws/lambda/other") },
		},
		{
			name: "each queue calls its function",
			check: func(s stamp) []string {
				var got, want []string
				for _, r := range s.of(sources) {
					got = append(got, r.str("Properties.EventSourceArn")+" "+r.str("Properties.FunctionName"))
				}
				for q, f := range s.queues() {
					want = append(want, arn(queues, s.region, "lethe-"+s.region+"-"+q)+" "+arn(functions, s.region, "lethe-"+s.region+"-"+f))
				}
				return differ("sources", got, want)
			},
			broken: func(s stamp) {
				s.set("OcrSource", "FunctionName", s.resources["RequeueSource"].at("Properties.FunctionName"))
			},
		},
		{
			name: "the schedule calls retention with its own role",
			check: func(s stamp) []string {
				r := s.resources["Schedule"]
				if r.str("Properties.Target.Arn") != arn(functions, s.region, "lethe-"+s.region+"-retention") ||
					r.str("Properties.Target.RoleArn") != arn(roles, s.region, "lethe-"+s.region+"-schedule") ||
					s.resources["RetentionInvocations"].str("Properties.FunctionName") != "lethe-"+s.region+"-retention" {
					return []string{fmt.Sprint(r.at("Properties.Target"))}
				}
				return nil
			},
			broken: func(s stamp) { s.set("Schedule", "Target.Arn", arn(functions, s.region, "lethe-"+s.region+"-requeue")) },
		},
		{
			name: "clients call the interface through its URL, and nobody anything else",
			check: func(s stamp) []string {
				var got []string
				for _, r := range s.of(permissions) {
					got = append(got, fmt.Sprint(r.at("Properties.FunctionName"), r.at("Properties.Principal"), r.at("Properties.Action"),
						r.at("Properties.FunctionUrlAuthType"), r.at("Properties.InvokedViaFunctionUrl"), len(r["Properties"].(map[string]any))))
				}
				api := arn(functions, s.region, "lethe-"+s.region+"-api")
				for _, r := range s.of(urls) {
					got = append(got, "URL "+r.str("Properties.TargetFunctionArn"))
				}
				return differ("entrances", got, []string{
					"URL " + api, fmt.Sprint(api, "*", "lambda:InvokeFunctionUrl", "NONE", nil, 4), fmt.Sprint(api, "*", "lambda:InvokeFunction", nil, true, 4),
				})
			},
			broken: func(s stamp) { s.set("ApiInvokePermission", "InvokedViaFunctionUrl", nil) },
		},
	}
}

// TestSettingsAreThoseThatTheProgramReads loads the settings of every case as the program does.
func TestSettingsAreThoseThatTheProgramReads(t *testing.T) {
	for _, s := range committed(t) {
		t.Run(s.name, func(t *testing.T) {
			for name, value := range s.environment(doctor.OCRFunction) {
				t.Setenv(name, value)
			}
			set, err := config.Load()
			if err != nil {
				t.Fatal(err)
			}
			if closing := s.parameters["Closing"] == "true"; set.Region != s.region || (set.RetainProcessed == s.limit("results")) == closing || (set.Intake == "closed") != closing || set.OIDCRequired == (s.parameters["RolesBySecret"] == "true") {
				t.Errorf("the program reads %+v", set)
			}
		})
	}
}

// TestEnvironmentFits holds the settings against the 4 KB that Lambda allows, however long the parameters are.
func TestEnvironmentFits(t *testing.T) {
	for _, s := range committed(t) {
		for _, f := range s.functions() {
			env := s.environment(f)
			for name, longest := range map[string]int{"LETHE_OIDC_ISSUER": 256, "LETHE_OIDC_AUDIENCE": 256, "LETHE_OIDC_ROLES": 512, "LETHE_PUBLIC_URL": 256, "LETHE_WEBHOOK_ALLOW": 256, "LETHE_OIDC_CLIENT_ID": 200, "LETHE_OIDC_SCOPE": 200, "LETHE_OIDC_RESOURCE": 200} {
				env[name] = strings.Repeat("x", longest)
			}
			if body, err := json.Marshal(env); err != nil || len(body) > 4096 {
				t.Errorf("%s of %s: %d bytes (%v)", f, s.name, len(body), err)
			}
		}
	}
}
