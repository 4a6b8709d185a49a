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

	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
)

// stamps are the deployments of the first stage.
func stamps(t *testing.T) []stamp {
	t.Helper()
	return slices.DeleteFunc(committed(t), func(s stamp) bool { return s.stage != "" })
}

// binding is what a function's own file says of its trigger.
type binding struct{ Type, Path, Connection, QueueName, Schedule, Source string }

func trigger(t *testing.T, function string) binding {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "functions", function, "function.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Bindings []binding }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Bindings[0]
}

func TestDocumentsHaveTheContainersTablesAndQueuesOfTheProgram(t *testing.T) {
	for _, s := range stamps(t) {
		documents := account(s, "doc").name() + "/"
		for _, finding := range slices.Concat(
			differ("containers", s.leaves(containers, documents), azure.Containers()),
			differ("tables", s.leaves(tables, documents), azure.Tables()),
			differ("queues", s.leaves(queues, documents), []string{requeue.Queue, poison.Queue}),
		) {
			t.Errorf("%s: %s", s.name, finding)
		}
	}
}

func TestQueueFunctionsListenWhereTheStampHasQueues(t *testing.T) {
	for function, queue := range map[string]string{requeue.Name: requeue.Queue, poison.Name: poison.Queue} {
		if got := trigger(t, function).QueueName; got != queue {
			t.Errorf("%s listens to %q, want %q", function, got, queue)
		}
	}
}

func TestEventsOfUploadsReachTheFunctionThatWaitsForThem(t *testing.T) {
	container, _, _ := strings.Cut(trigger(t, ocr.Name).Path, "/")
	if container != storage.Uploads || trigger(t, ocr.Name).Source != "EventGrid" {
		t.Fatalf("%s waits for %v", ocr.Name, trigger(t, ocr.Name))
	}
	seen := 0
	for _, s := range committed(t) {
		for _, r := range s.of(subscriptions, "") {
			seen++
			if got, want := r.str("properties.filter.subjectBeginsWith"), "/blobServices/default/containers/"+container+"/"; got != want {
				t.Errorf("%s: filter %q, want %q", s.name, got, want)
			}
			if got := r.str("properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName"); got != storage.DeadLetters {
				t.Errorf("%s: dead letters go to %q", s.name, got)
			}
			if s.private {
				if got := r.str("properties.deliveryWithResourceIdentity.destination.properties.queueName"); got != requeue.Queue {
					t.Errorf("%s: events go to queue %q", s.name, got)
				}
				continue
			}
			url := r.str("properties.destination.properties.endpointUrl")
			want := "https://func-lethe-ooiaatjxc26.azurewebsites.net/runtime/webhooks/blobs?functionName=Host.Functions." + ocr.Name + "&code=listKeys("
			if !strings.HasPrefix(url, want) || !strings.HasSuffix(url, "/host/default).systemKeys.blobs_extension") {
				t.Errorf("%s: events go to %s", s.name, url)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d subscriptions, want one of each kind", seen)
	}
}

// TestAConnectionHasTheSettingsOfItsTriggers covers the connections that the functions name and the host's own.
func TestAConnectionHasTheSettingsOfItsTriggers(t *testing.T) {
	connections := map[string]string{"AzureWebJobsStorage": "run"}
	for _, function := range []string{ocr.Name, requeue.Name, poison.Name} {
		connections[trigger(t, function).Connection] = "doc"
	}
	for _, s := range stamps(t) {
		app := s.of(siteConfigs, "")[0]
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
					t.Errorf("%s: %s__%s is %q, want %q", s.name, connection, setting, got, value)
				}
			}
		}
	}
}

func TestTheProgramTakesTheSettingsThatItIsGiven(t *testing.T) {
	known := map[string]bool{}
	for i := range reflect.TypeFor[config.Settings]().NumField() {
		known[config.Prefix+"_"+reflect.TypeFor[config.Settings]().Field(i).Tag.Get("envconfig")] = true
	}
	const signing = config.Prefix + "_SIGNING_KEY"
	for _, s := range stamps(t) {
		t.Run(s.name, func(t *testing.T) {
			app := s.of(siteConfigs, "")[0]
			properties, _ := app.at("properties").(map[string]any)
			for name, value := range properties {
				switch {
				case !strings.HasPrefix(name, config.Prefix+"_"):
				case !known[name]:
					t.Errorf("%s is no setting of the program", name)
				case name != signing:
					t.Setenv(name, value.(string))
				}
			}
			want := "@Microsoft.KeyVault(SecretUri=https://" + first(s, vaults).name() + ".vault.azure.net/secrets/" + leaf(first(s, secrets).name()) + ")"
			if got := app.str("properties." + signing); got != want {
				t.Errorf("%s is %q, want %q", signing, got, want)
			}
			set, err := config.Load()
			if err != nil {
				t.Fatal(err)
			}
			if set.Region != s.region {
				t.Errorf("the program is told %q, it lies in %q", set.Region, s.region)
			}
			if p := set.Policy(); p.Processed != s.processed || p.Unprocessed != s.unprocessed {
				t.Errorf("the program keeps %v and %v, want %v and %v", p.Processed, p.Unprocessed, s.processed, s.unprocessed)
			}
			if (set.BootstrapApp != "") != (s.name == "everything") {
				t.Errorf("the first application is %q", set.BootstrapApp)
			}
		})
	}
}

// TestTheAlarmOfSilenceWaitsForMoreThanOneSweep reads the timer's own schedule.
func TestTheAlarmOfSilenceWaitsForMoreThanOneSweep(t *testing.T) {
	const minutes = "0 */5 * * * *"
	if got := trigger(t, retention.Name).Schedule; got != minutes {
		t.Fatalf("the sweep runs at %q: hold the alarm of its silence against that", got)
	}
	if every, window := 5*time.Minute, 30*time.Minute; window < 3*every {
		t.Errorf("a window of %v cries at one missed sweep", window)
	}
}
