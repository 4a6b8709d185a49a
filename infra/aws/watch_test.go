package aws_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/logevent"
)

// heard lists the alarms on what the program says, with its event.
func heard() map[string]string {
	return map[string]string{
		"document-overdue": logevent.DocumentOverdue,
		"no-sweep":         logevent.SweepDone,
		"pass-late":        logevent.PassLate,
		"due-unknown":      logevent.DueUnknown,
		"upload-poisoned":  logevent.UploadPoisoned,
		"canary-failed":    logevent.CanaryFailed,
		"no-canary":        logevent.CanaryDone,
		"doctor-finding":   logevent.DoctorFinding,
		"ledger-stuck":     logevent.LedgerStuck,
		"intake-closed":    logevent.IntakeClosed,
		"receipt-unsigned": logevent.ReceiptUnsigned,
		"server-errors":    logevent.RequestDone,
	}
}

// measured lists the alarms on what the platform measures, with the metrics.
func measured() map[string][]string {
	return map[string][]string{
		"functions-failed":    {"AWS/Lambda Errors"},
		"functions-throttled": {"AWS/Lambda Throttles"},
		"dead-lettered":       {"AWS/SQS ApproximateNumberOfMessagesVisible"},
		"uploads-waiting":     {"AWS/SQS ApproximateAgeOfOldestMessage"},
		"work-waiting":        {"AWS/SQS ApproximateAgeOfOldestMessage"},
		"log-volume":          {"AWS/Logs IncomingBytes"},
	}
}

// short is the name of an alarm without the stack's.
func short(s stamp, r resource) string {
	return strings.TrimPrefix(r.str("Properties.AlarmName"), "lethe-"+s.region+"-")
}

// metrics lists what an alarm looks at, by namespace and name, once each.
func metrics(r resource) []string {
	var all []string
	if name := r.str("Properties.MetricName"); name != "" {
		all = append(all, r.str("Properties.Namespace")+" "+name)
	}
	for i := range r.list("Properties.Metrics") {
		at := fmt.Sprintf("Properties.Metrics.%d.MetricStat.Metric.", i)
		if name := r.str(at + "MetricName"); name != "" {
			all = append(all, r.str(at+"Namespace")+" "+name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func watchRules() []rule {
	return []rule{
		{
			name: "there is every alarm",
			check: func(s stamp) []string {
				var got []string
				for _, r := range s.of(alarms) {
					got = append(got, short(s, r))
				}
				want := slices.Concat(slices.Collect(maps.Keys(heard())), slices.Collect(maps.Keys(measured())))
				if s.watched() {
					want = append(want, recorded()...)
				}
				return differ("alarms", got, want)
			},
			broken: func(s stamp) { delete(s.resources, "CanaryFailedAlarm") },
		},
		{
			name: "each alarm looks at its own metric of this stamp",
			check: func(s stamp) []string {
				return s.each(alarms, func(_ string, r resource) string {
					name := short(s, r)
					want, ok := measured()[name]
					if !ok {
						want = []string{"Lethe/lethe-" + s.region + " " + name}
					}
					if name == "server-errors" {
						want = append(want, "AWS/Lambda Url5xxCount")
					}
					return strings.Join(differ(name, metrics(r), want), "")
				})
			},
			broken: func(s stamp) { s.set("CanaryFailedAlarm", "Namespace", "Lethe/other") },
		},
		{
			name: "the metrics of functions and queues are those of this stamp",
			check: func(s stamp) []string {
				var got, want []string
				for _, r := range s.of(alarms) {
					for _, path := range append([]string{"Properties.Dimensions.0"}, metricPaths(r)...) {
						if v := r.str(path + ".Value"); v != "" {
							got = append(got, short(s, r)+" "+r.str(path+".Name")+" "+v)
						}
					}
				}
				for _, f := range s.functions() {
					for _, name := range []string{"functions-failed", "functions-throttled"} {
						want = append(want, name+" FunctionName lethe-"+s.region+"-"+f)
					}
				}
				want = append(want, "server-errors FunctionName lethe-"+s.region+"-api", "log-volume LogGroupName /aws/lambda/lethe-"+s.region,
					"dead-lettered QueueName lethe-"+s.region+"-poison", "uploads-waiting QueueName lethe-"+s.region+"-uploads", "work-waiting QueueName lethe-"+s.region+"-requeue")
				return differ("dimensions", got, want)
			},
			broken: func(s stamp) { s.set("DeadLetteredAlarm", "Dimensions.0.Value", "lethe-"+s.region+"-uploads") },
		},
		{
			name: "silence of the sweep raises the alarm within 30 minutes, of the canary within 6 hours, everything else when it is found",
			check: func(s stamp) []string {
				return s.each(alarms, func(_ string, r resource) string {
					name := short(s, r)
					operator, missing, most, window := "GreaterThanThreshold", "notBreaching", 0.0, 900.0
					switch name {
					case "no-sweep":
						operator, missing, most, window = "LessThanThreshold", "breaching", 1, 1800
					case "no-canary":
						operator, missing, most, window = "LessThanThreshold", "breaching", 1, 21600
					case "server-errors", "functions-failed":
						most = 4
					case "uploads-waiting":
						most = 3600
					case "work-waiting":
						most = 7200
					case "log-volume":
						most, window = 5, 86400
					}
					period, ok := r.at("Properties.Period").(float64)
					for i := range r.list("Properties.Metrics") {
						if p, is := r.at(fmt.Sprintf("Properties.Metrics.%d.MetricStat.Period", i)).(float64); is {
							period, ok = p, true
						}
					}
					periods, _ := r.at("Properties.EvaluationPeriods").(float64)
					threshold := text(r.at("Properties.Threshold"))
					if !ok || r.at("Properties.ComparisonOperator") != operator || r.at("Properties.TreatMissingData") != missing ||
						threshold != text(most) || period*periods > window || operator == "LessThanThreshold" && period*periods != window {
						return fmt.Sprint(r.at("Properties"))
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("NoSweepAlarm", "TreatMissingData", "missing") },
		},
		{
			name: "an alarm adds up what happened, and takes the worst of a queue",
			check: func(s stamp) []string {
				return s.each(alarms, func(_ string, r resource) string {
					want := map[bool]any{true: "Maximum", false: "Sum"}[r.str("Properties.Namespace") == "AWS/SQS"]
					if r.list("Properties.Metrics") != nil {
						return strings.Join(differ("expressions", expressions(r), map[string][]string{
							"server-errors": {"MAX([FILL(told, 0), FILL(answered, 0)])"}, "log-volume": {"written / 1000000000"},
							"functions-failed": {"SUM(METRICS())"}, "functions-throttled": {"SUM(METRICS())"},
						}[short(s, r)]), "")
					}
					if got := r.at("Properties.Statistic"); got != want {
						return fmt.Sprint(got)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("DocumentOverdueAlarm", "Statistic", "Average") },
		},
		{
			name: "an alarm says what to do",
			check: func(s stamp) []string {
				return s.each(alarms, func(_ string, r resource) string {
					if d := r.str("Properties.AlarmDescription"); len(d) < 60 || len(d) > 1024 {
						return d
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("NoSweepAlarm", "AlarmDescription", "No sweep.") },
		},
		{
			name: "every alarm reaches the people, and its end too",
			check: func(s stamp) []string {
				topic := []any{arn(topics, s.region, "lethe-"+s.region+"-people")}
				return s.each(alarms, func(_ string, r resource) string {
					if !same(topic, r.at("Properties.AlarmActions")) || !same(topic, r.at("Properties.OKActions")) {
						return fmt.Sprint(r.at("Properties.AlarmActions"))
					}
					return ""
				})
			},
			broken: func(s stamp) {
				s.set("ForeignReadAlarm", "AlarmActions", []any{})
				s.set("NoSweepAlarm", "AlarmActions", []any{})
			},
		},
		{
			name: "the people are told by mail, by the alarms of this account alone",
			check: func(s stamp) []string {
				topic := arn(topics, s.region, "lethe-"+s.region+"-people")
				want := []any{map[string]any{
					"Sid": "Alarms", "Effect": "Allow", "Principal": map[string]any{"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic,
					"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": account}},
				}}
				r := s.resources["People"]
				if !same([]any{map[string]any{"Protocol": "email", "Endpoint": "operations@example.org"}}, r.at("Properties.Subscription")) ||
					!same(want, s.resources["PeoplePolicy"].at("Properties.PolicyDocument.Statement")) {
					return []string{fmt.Sprint(r, s.resources["PeoplePolicy"])}
				}
				return nil
			},
			broken: func(s stamp) { s.set("People", "Subscription", []any{}) },
		},
		{
			name: "a line of the program is counted by its event, under the name of its alarm",
			check: func(s stamp) []string {
				return s.each(filters, func(_ string, r resource) string {
					name := r.str("Properties.MetricTransformations.0.MetricName")
					event, ours := heard()[name]
					if !ours {
						return ""
					}
					want := `{ $.event = "` + event + `" }`
					if name == "server-errors" {
						want = `{ ($.event = "` + event + `") && ($.status >= 500) }`
					}
					if r.str("Properties.FilterPattern") != want || r.str("Properties.LogGroupName") != "/aws/lambda/lethe-"+s.region {
						return r.str("Properties.FilterPattern")
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("NoSweepFilter", "FilterPattern", `{ $.event = "sweep.finished" }`) },
		},
		{
			name: "what alarms look at is counted once, in the stamp's own namespace",
			check: func(s stamp) []string {
				var got []string
				for _, r := range s.of(filters) {
					got = append(got, fmt.Sprint(r.at("Properties.MetricTransformations.0.MetricNamespace"), r.at("Properties.MetricTransformations.0.MetricName"),
						r.at("Properties.MetricTransformations.0.MetricValue")))
				}
				names := slices.Collect(maps.Keys(heard()))
				if s.watched() {
					names = append(names, recorded()...)
				}
				var want []string
				for _, name := range names {
					want = append(want, "Lethe/lethe-"+s.region+name+"1")
				}
				return differ("metrics", got, want)
			},
			broken: func(s stamp) { s.set("NoCanaryFilter", "MetricTransformations.0.MetricValue", "0") },
		},
		{
			name: "each log is kept as long as its parameter says",
			check: func(s stamp) []string {
				return s.each(logGroups, func(_ string, r resource) string {
					if got := text(r.at("Properties.RetentionInDays")); got != "30" {
						return got
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("ProgramLog", "RetentionInDays", 3653) },
		},
	}
}

// metricPaths are the dimensions of an alarm that computes with metrics.
func metricPaths(r resource) []string {
	var all []string
	for i := range r.list("Properties.Metrics") {
		all = append(all, fmt.Sprintf("Properties.Metrics.%d.MetricStat.Metric.Dimensions.0", i))
	}
	return all
}

// expressions lists what an alarm computes and compares.
func expressions(r resource) []string {
	var all []string
	for i := range r.list("Properties.Metrics") {
		at := fmt.Sprintf("Properties.Metrics.%d.", i)
		if r.at(at+"ReturnData") == true {
			all = append(all, r.str(at+"Expression"))
		}
	}
	return all
}

// TestAlarmsMeanWhatAzuresMean pairs the alarms of both clouds, so that neither gains or loses one unseen.
func TestAlarmsMeanWhatAzuresMean(t *testing.T) {
	var theirs []string
	for _, file := range []string{"alerts", "changeAlerts"} {
		text, err := os.ReadFile("../azure/modules/" + file + ".bicep")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\s+name: '(?:\$\{prefix\}-)?([a-z]+(?:-[a-z]+)*)'$`).FindAllStringSubmatch(string(text), -1) {
			theirs = append(theirs, m[1])
		}
	}
	theirs = slices.DeleteFunc(theirs, func(name string) bool { return name == "alert-foreign-read" || name == "people" })
	elsewhere := map[string]string{ // what is named otherwise, since it is another thing there
		"log-cap": "log-volume", // logs are not capped on AWS
	}
	for i, name := range theirs {
		if other := elsewhere[name]; other != "" {
			theirs[i] = other
		}
	}
	alone := []string{"functions-failed", "functions-throttled", "uploads-waiting", "work-waiting"} // the Functions host tells these of itself
	ours := slices.Concat(slices.Collect(maps.Keys(heard())), slices.Collect(maps.Keys(measured())), recorded())
	for _, wrong := range differ("alarms", ours, slices.Compact(slices.Sorted(slices.Values(append(theirs, alone...))))) {
		t.Error(wrong)
	}
}
