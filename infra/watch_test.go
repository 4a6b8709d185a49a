package infra_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/logevent"
)

// heard lists the log alerts with the events of the program that each must ask for.
func heard() map[string][]string {
	return map[string][]string{
		"document-overdue": {logevent.DocumentOverdue},
		"no-sweep":         {logevent.SweepDone},
		"pass-late":        {logevent.PassLate},
		"due-unknown":      {logevent.DueUnknown},
		"upload-poisoned":  {logevent.UploadPoisoned},
		"canary-failed":    {logevent.CanaryFailed},
		"no-canary":        {logevent.CanaryDone},
		"doctor-finding":   {logevent.DoctorFinding},
		"ledger-stuck":     {logevent.LedgerStuck},
		"intake-closed":    {logevent.IntakeClosed},
		"receipt-unsigned": {logevent.ReceiptUnsigned},
		"server-errors":    {logevent.RequestDone},
		"foreign-read":     nil,
		"log-cap":          nil,
	}
}

// changes lists the alerts on changes of the stamp with the operations that each must name.
func changes() map[string][]string {
	return map[string][]string{
		"role-changed":  {assignments + "/write", assignments + "/delete"},
		"audit-changed": {diagnostics + "/write", diagnostics + "/delete"},
		"deletion-changed": {
			accounts + "/write", blobServices + "/write", lifecycles + "/write", lifecycles + "/delete",
		},
	}
}

// audits lists what each store reports, by its scope.
func audits() map[string][]string {
	everything, written := []string{"StorageRead", "StorageWrite", "StorageDelete"}, []string{"StorageWrite", "StorageDelete"}
	return map[string][]string{
		"documents/blobServices/default":  everything,
		"documents/queueServices/default": everything,
		"documents/tableServices/default": everything,
		"host/blobServices/default":       written,
		"host/queueServices/default":      written,
		"host/tableServices/default":      written,
		"vault":                           {"AuditEvent"},
		"topic":                           {"DeliveryFailures"},
	}
}

var asked = regexp.MustCompile(`event == "([^"]*)"`)

// number ends every query of a log alert.
const number = "| summarize found = count()" //nolint:misspell // the query language spells it so

// query is what a log alert asks.
func query(r resource) string { return r.str("properties.criteria.allOf.0.query") }

func watchRules() []rule {
	return []rule{
		{
			name: "there is every alert, and each asks for the program's own events",
			check: func(s stamp) []string {
				var names, wrong []string
				for name, events := range heard() {
					names = append(names, name)
					for _, r := range s.of(logAlerts, "-"+name) {
						var got []string
						for _, m := range asked.FindAllStringSubmatch(query(r), -1) {
							got = append(got, m[1])
						}
						wrong = append(wrong, differ(name, got, events)...)
					}
				}
				return append(wrong, differ("log alerts", s.suffixes(logAlerts), names)...)
			},
			broken: func(s *stamp) { s.drop(logAlerts, "canary-failed") },
		},
		{
			name: "a log alert compares one number that is always there, so that silence is heard too",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(logAlerts, "") {
					if q := query(r); !strings.HasPrefix(q, "union isfuzzy=true (datatable(TimeGenerated: datetime") || !strings.HasSuffix(q, number) {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(logAlerts, "no-sweep", "properties.criteria.allOf.0.query", `AppTraces | where event == "sweep.done" `+number+" by bin(TimeGenerated, 5m)")
			},
		},
		{
			name: "silence of the sweep raises the alarm within 30 minutes, everything else when it is found",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(logAlerts, "") {
					at := func(path string) any { return r.at("properties.criteria.allOf.0." + path) }
					want, most := "GreaterThan", 0.0
					switch {
					case strings.HasSuffix(r.name(), "-no-sweep"):
						want, most = "LessThan", 1
						if r.str("properties.windowSize") != "PT30M" || r.str("properties.evaluationFrequency") != "PT5M" || at("threshold") != 1.0 {
							wrong = append(wrong, r.name())
						}
					case strings.HasSuffix(r.name(), "-no-canary"):
						want, most = "LessThan", 1
					case strings.HasSuffix(r.name(), "-server-errors"):
						most = 4
					}
					if threshold, _ := at("threshold").(float64); at("operator") != want || threshold > most {
						wrong = append(wrong, fmt.Sprintf("%s %v %v", r.name(), at("operator"), threshold))
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(logAlerts, "no-sweep", "properties.criteria.allOf.0.operator", "GreaterThan") },
		},
		{
			name: "an alert says what to do",
			check: func(s stamp) []string {
				var wrong []string
				for _, kind := range []string{logAlerts, metricAlerts, changeAlerts} {
					for _, r := range s.of(kind, "") {
						if len(r.str("properties.description")) < 60 {
							wrong = append(wrong, r.name())
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(metricAlerts, "", "properties.description", "Dead letters.") },
		},
		{
			name: "every alert reaches the people",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range slices.Concat(s.of(logAlerts, ""), s.of(metricAlerts, ""), s.of(changeAlerts, "")) {
					got := r.str("properties.actions.actionGroups.0") + r.str("properties.actions.0.actionGroupId") + r.str("properties.actions.actionGroups.0.actionGroupId")
					if got != first(s, groups).id() || got == "" {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(changeAlerts, "", "properties.actions.actionGroups", []any{}) },
		},
		{
			name: "alerts look at the stamp's own workspace, topic and group",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(logAlerts, "") {
					if r.str("properties.scopes.0") != first(s, workspaces).id() || len(r.list("properties.scopes")) != 1 {
						wrong = append(wrong, r.name())
					}
				}
				for _, r := range s.of(metricAlerts, "") {
					if r.str("properties.scopes.0") != first(s, topics).id() {
						wrong = append(wrong, r.name())
					}
				}
				for _, r := range s.of(changeAlerts, "") {
					if !strings.HasPrefix(r.id(), r.str("properties.scopes.0")+"/providers/") {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(logAlerts, "", "properties.scopes.0", first(*s, components).id()) },
		},
		{
			name: "a read by anybody but the app and its links is heard",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(logAlerts, "-foreign-read") {
					for _, part := range []string{
						`AccountName == "` + account(s, "doc").name() + `"`, `Category == "StorageRead"`, `toint(StatusCode) < 400`,
						`not(AuthenticationType contains "SAS")`, `RequesterObjectId != "reference(` + s.of(identities, "")[0].id() + `).principalId"`,
					} {
						if !strings.Contains(query(r), part) {
							wrong = append(wrong, part)
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(logAlerts, "foreign-read", "properties.criteria.allOf.0.query", strings.Replace(query(s.of(logAlerts, "foreign-read")[0]), "!=", "==", 1))
			},
		},
		{
			name: "a full log and failing answers are told by what they are",
			check: func(s stamp) []string {
				var wrong []string
				for name, part := range map[string]string{
					"-log-cap":       `Category =~ "Ingestion" and Detail contains "OverQuota"`,
					"-server-errors": `toint(extract(@'"status":([0-9]+)', 1, Message)) >= 500`,
				} {
					for _, r := range s.of(logAlerts, name) {
						if !strings.Contains(query(r), part) {
							wrong = append(wrong, r.name())
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(logAlerts, "log-cap", "properties.criteria.allOf.0.query", "union isfuzzy=true (datatable(TimeGenerated: datetime)[]) "+number)
			},
		},
		{
			name: "a changed role, audit or deletion setting is heard",
			check: func(s stamp) []string {
				var names, wrong []string
				for name, operations := range changes() {
					names = append(names, name)
					for _, r := range s.of(changeAlerts, "-"+name) {
						var got []string
						for _, c := range r.list("properties.condition.allOf.2.anyOf") {
							if condition := resource(c.(map[string]any)); condition.str("field") == "operationName" {
								got = append(got, condition.str("equals"))
							}
						}
						wrong = append(wrong, differ(name, got, operations)...)
					}
				}
				return append(wrong, differ("change alerts", s.suffixes(changeAlerts), names)...)
			},
			broken: func(s *stamp) {
				s.set(changeAlerts, "deletion", "properties.condition.allOf.2.anyOf.1.equals", accounts+"/read")
			},
		},
		{
			name:   "dead letters are counted",
			check:  func(s stamp) []string { return s.present(metricAlerts, "-dead-lettered") },
			broken: func(s *stamp) { s.drop(metricAlerts, "") },
		},
		{
			name: "every store reports who touched it, to the stamp's workspace",
			check: func(s stamp) []string {
				var scopes, wrong, want []string
				for scope := range audits() {
					want = append(want, scope)
				}
				for _, r := range s.of(diagnostics, "") {
					id, _, _ := strings.Cut(r.id(), "/providers/"+diagnostics)
					scope := short(s, id)
					if id == first(s, topics).id() {
						scope = "topic"
					}
					scopes = append(scopes, scope)
					var got []string
					for _, l := range r.list("properties.logs") {
						if log := resource(l.(map[string]any)); log.at("enabled") == true {
							got = append(got, log.str("category"))
						}
					}
					wrong = append(wrong, differ(scope, got, audits()[scope])...)
					if r.str("properties.workspaceId") != first(s, workspaces).id() {
						wrong = append(wrong, scope+" reports elsewhere")
					}
					if scope == "vault" && r.str("properties.logAnalyticsDestinationType") != "Dedicated" {
						wrong = append(wrong, "the vault reports to a table without a retention")
					}
				}
				return append(wrong, differ("stores", scopes, want)...)
			},
			broken: func(s *stamp) { s.set(diagnostics, "", "properties.logs.0.enabled", false) },
		},
		{
			name: "each log is kept as long as its parameter says and not archived",
			check: func(s stamp) []string {
				var wrong, seen []string
				for _, r := range s.of(logTables, "") {
					table := leaf(r.name())
					seen = append(seen, table)
					want := s.program
					switch {
					case strings.HasPrefix(table, "Storage"):
						want = s.access
					case table == "AZKVAuditLogs":
						want = s.vault
					}
					if !same(want, r.at("properties.retentionInDays")) || !same(want, r.at("properties.totalRetentionInDays")) {
						wrong = append(wrong, fmt.Sprintf("%s, want %d days", table, want))
					}
				}
				return append(wrong, differ("tables", seen, []string{
					"AppTraces", "AppRequests", "AppExceptions", "AppDependencies", "AppMetrics", "AppPerformanceCounters",
					"AegDeliveryFailureLogs", "StorageBlobLogs", "StorageQueueLogs", "StorageTableLogs", "AZKVAuditLogs",
				})...)
			},
			broken: func(s *stamp) { s.set(logTables, "StorageBlobLogs", "properties.totalRetentionInDays", 365.0) },
		},
		{
			name: "the day's log has an end",
			check: func(s stamp) []string {
				return s.within(workspaces, "properties.workspaceCapping.dailyQuotaGb", 1, 100)
			},
			broken: func(s *stamp) { s.set(workspaces, "", "properties.workspaceCapping.dailyQuotaGb", -1.0) },
		},
	}
}

// suffixes lists the names of a type without what they begin with in every stamp.
func (s stamp) suffixes(kind string) []string {
	var names []string
	for _, r := range s.of(kind, "") {
		_, rest, _ := strings.Cut(r.name(), "-"+s.region+"-")
		names = append(names, rest)
	}
	return names
}

// present complains if a stamp has not exactly one resource of a type and name.
func (s stamp) present(kind, name string) []string {
	if n := len(s.of(kind, name)); n != 1 {
		return []string{fmt.Sprintf("%d of %s %s", n, kind, name)}
	}
	return nil
}

// within complains of numbers outside a range.
func (s stamp) within(kind, path string, least, most float64) []string {
	var wrong []string
	for _, r := range s.of(kind, "") {
		if n, ok := r.at(path).(float64); !ok || n < least || n > most {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v to %v", path, r.at(path), least, most))
		}
	}
	return wrong
}

// TestAlertsNameNothingButEventsOfTheProgram holds every event that an alert asks for against the constants themselves.
func TestAlertsNameNothingButEventsOfTheProgram(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../shared/logevent/names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []string
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			name, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			constants = append(constants, name)
		}
		return true
	})
	for _, s := range committed(t) {
		for _, r := range s.of(logAlerts, "") {
			for _, m := range asked.FindAllStringSubmatch(query(r), -1) {
				if !slices.Contains(constants, m[1]) {
					t.Errorf("%s of %s asks for %q, which the program never says", r.name(), s.name, m[1])
				}
			}
		}
	}
}
