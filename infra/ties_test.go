package infra_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
	azuretrigger "github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// binding is what a function's own file says of its trigger.
type binding struct{ Type, Path, Connection, QueueName, Schedule, Source string }

// trigger reads the file. A function without one is bound to nothing, which no rule takes for an answer.
func trigger(function string) binding {
	text, err := os.ReadFile(filepath.Join("..", "functions", function, "function.json"))
	if err != nil {
		return binding{}
	}
	var file struct{ Bindings []binding }
	if json.Unmarshal(text, &file) != nil || len(file.Bindings) == 0 {
		return binding{}
	}
	return file.Bindings[0]
}

// tieRules hold the stamp against what the program itself says, so that a name cannot be changed on one side.
func tieRules() []rule {
	return []rule{
		{
			name: "documents have the containers of the program",
			check: func(s stamp) []string {
				return differ("containers", s.leaves(containers, account(s, "doc").name()+"/"), storage.Containers())
			},
			broken: func(s *stamp) { s.set(containers, "results", "name", account(*s, "doc").name()+"/default/output") },
		},
		{
			name: "documents have the tables of the program",
			check: func(s stamp) []string {
				return differ("tables", s.leaves(tables, account(s, "doc").name()+"/"), dueindex.Tables())
			},
			broken: func(s *stamp) { s.drop(tables, "/due") },
		},
		{
			name: "documents have the queues of the program, and the functions listen to them",
			check: func(s stamp) []string {
				want := []string{requeue.Queue, azuretrigger.PoisonQueue}
				if s.webhooks {
					want = append(want, notify.Queue)
				}
				return slices.Concat(
					differ("queues", s.leaves(queues, account(s, "doc").name()+"/"), want),
					differ("listened to", []string{trigger(requeue.Name).QueueName, trigger(poison.Name).QueueName, trigger(notify.Name).QueueName},
						[]string{requeue.Queue, azuretrigger.PoisonQueue, notify.Queue}),
				)
			},
			broken: func(s *stamp) { s.drop(queues, azuretrigger.PoisonQueue) },
		},
		{
			name: "events of uploads reach the function that waits for them",
			check: func(s stamp) []string {
				var wrong []string
				waiting := trigger(ocr.Name)
				container, _, _ := strings.Cut(waiting.Path, "/")
				if container != storage.Uploads || waiting.Source != "EventGrid" {
					wrong = append(wrong, "the function waits elsewhere")
				}
				for _, r := range s.of(subscriptions, "") {
					if got := r.str("properties.filter.subjectBeginsWith"); got != "/blobServices/default/containers/"+container+"/" {
						wrong = append(wrong, "filter "+got)
					}
					if got := r.str("properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName"); got != storage.DeadLetters {
						wrong = append(wrong, "dead letters go to "+got)
					}
					url := r.str("properties.destination.properties.endpointUrl")
					want := "https://" + first(s, sites).name() + ".azurewebsites.net/runtime/webhooks/blobs?functionName=Host.Functions." + ocr.Name + "&code=listKeys("
					if !s.private && (!strings.HasPrefix(url, want) || !strings.HasSuffix(url, "/host/default).systemKeys.blobs_extension")) {
						wrong = append(wrong, "events go to "+url)
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(subscriptions, "", "properties.filter.subjectBeginsWith", "/blobServices/default/containers/uploads")
			},
		},
		{
			name: "in a private network events reach the queue that the function waits at",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(subscriptions, "") {
					if got := r.str("properties.deliveryWithResourceIdentity.destination.properties.queueName"); s.private && got != trigger(requeue.Name).QueueName {
						wrong = append(wrong, "events go to queue "+got)
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(subscriptions, "", "properties.deliveryWithResourceIdentity.destination.properties.queueName", azuretrigger.PoisonQueue)
			},
		},
		{
			name: "each connection that a trigger names has its settings, and the host's own too",
			check: func(s stamp) []string {
				connections := map[string]string{"AzureWebJobsStorage": "run"}
				for _, function := range []string{ocr.Name, requeue.Name, poison.Name, notify.Name} {
					connections[trigger(function).Connection] = "doc"
				}
				var wrong []string
				for _, app := range s.of(siteConfigs, "") {
					for connection, what := range connections {
						want := map[string]string{
							"credential": "managedidentity",
							"clientId":   "reference(" + s.of(identities, "")[0].id() + ").clientId",
						}
						for _, service := range []string{"blob", "queue", "table"} {
							want[service+"ServiceUri"] = "https://" + account(s, what).name() + "." + service + ".core.windows.net"
						}
						for setting, value := range want {
							if got := app.str("properties." + connection + "__" + setting); got != value {
								wrong = append(wrong, connection+"__"+setting+" is "+got)
							}
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(siteConfigs, "", "properties.Documents__queueServiceUri", nil) },
		},
		{
			name: "the program knows each of its settings, and gets region, retention and key",
			check: func(s stamp) []string {
				given := map[string]bool{}
				var wrong []string
				for _, app := range s.of(siteConfigs, "") {
					properties, _ := app.at("properties").(map[string]any)
					for name := range properties {
						given[name] = true
						short, ours := strings.CutPrefix(name, config.Prefix+"_")
						if ours && !slices.Contains(settings(), short) {
							wrong = append(wrong, name+" is no setting of the program")
						}
					}
					key := "@Microsoft.KeyVault(SecretUri=https://" + first(s, vaults).name() + ".vault.azure.net/secrets/" + leaf(first(s, secrets).name()) + ")"
					if app.str("properties."+config.Prefix+"_SIGNING_KEY") != key || app.str("properties."+config.Prefix+"_REGION") != s.region {
						wrong = append(wrong, "key or region")
					}
					previous := app.str("properties." + config.Prefix + "_PREVIOUS_KEY")
					if version := strings.TrimSuffix(key, ")") + "/"; previous != "" && !strings.HasPrefix(previous, version) {
						wrong = append(wrong, "the key before is "+previous)
					}
				}
				for _, name := range []string{"REGION", "RETAIN_PROCESSED", "RETAIN_UNPROCESSED", "RETAIN_MARGIN", "SIGNING_KEY"} {
					if !given[config.Prefix+"_"+name] {
						wrong = append(wrong, name+" is not told")
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(siteConfigs, "", "properties.LETHE_RETAIN_RESULTS", "24h") },
		},
	}
}

// settings lists the settings of the program, by the names that its own type gives them.
func settings() []string {
	var names []string
	for field := range reflect.TypeFor[config.Settings]().Fields() {
		names = append(names, field.Tag.Get("envconfig"))
	}
	return names
}

func TestTheProgramAcceptsWhatItIsGiven(t *testing.T) {
	for _, s := range committed(t) {
		t.Run(s.name, s.loaded)
	}
}

// loaded loads the program's settings from those of the stamp.
func (s stamp) loaded(t *testing.T) {
	properties, _ := s.of(siteConfigs, "")[0].at("properties").(map[string]any)
	for name, value := range properties {
		// A reference to the vault is not a key: the platform puts it in its place.
		if text := value.(string); strings.HasPrefix(name, config.Prefix+"_") && !strings.HasPrefix(text, "@Microsoft.KeyVault(") {
			t.Setenv(name, text)
		}
	}
	set, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if p := set.Policy(); p.Processed != s.processed || p.Unprocessed != s.unprocessed {
		t.Errorf("the program keeps %v and %v, want %v and %v", p.Processed, p.Unprocessed, s.processed, s.unprocessed)
	}
	if got := set.MaxPages; (got == 500) != (s.name == "everything") {
		t.Errorf("the program takes %d pages", got)
	}
	if _, ok := properties[config.Prefix+"_PREVIOUS_KEY"]; ok != (s.name == "everything") {
		t.Error("the key before is told when the key is replaced, and only then")
	}
	if (set.BootstrapApp != "") != (s.name == "everything") {
		t.Errorf("the first application is %q", set.BootstrapApp)
	}
}

// TestTheAlarmOfSilenceWaitsForMoreThanOneSweep reads the timer's own schedule.
func TestTheAlarmOfSilenceWaitsForMoreThanOneSweep(t *testing.T) {
	const minutes = "0 */5 * * * *"
	if got := trigger(retention.Name).Schedule; got != minutes {
		t.Fatalf("the sweep runs at %q: hold the alarm of its silence against that", got)
	}
	if every, window := 5*time.Minute, 30*time.Minute; window < 3*every {
		t.Errorf("a window of %v cries at one missed sweep", window)
	}
}
