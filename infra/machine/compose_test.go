package machine_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/lethe-ocr/lethe/shared/config"
)

// The container has the rights and limits of the unit: nothing of it that keeps documents from leaving memory is left out.
func TestContainerIsConfinedAsTheUnitIs(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type service struct {
		Image, User, Restart string
		Command              []string
		Environment          map[string]string
		Ports, Volumes       []string
		Tmpfs                []string
		Networks             []string
		ReadOnly             bool     `yaml:"read_only"`
		Privileged           bool     `yaml:"privileged"`
		CapAdd               []string `yaml:"cap_add"`
		CapDrop              []string `yaml:"cap_drop"`
		SecurityOpt          []string `yaml:"security_opt"`
		MemLimit             string   `yaml:"mem_limit"`
		MemswapLimit         string   `yaml:"memswap_limit"`
		PidsLimit            int      `yaml:"pids_limit"`
		StopGracePeriod      string   `yaml:"stop_grace_period"`
		Ulimits              map[string]int
		Healthcheck          struct {
			Test              []string
			Interval, Timeout string
			StartPeriod       string `yaml:"start_period"`
			Retries           int
		}
		Logging struct {
			Driver  string
			Options map[string]string
		}
	}
	var file struct {
		Name     string
		Services map[string]service
		Networks map[string]struct {
			Ipam struct {
				Config []struct{ Subnet, Gateway string }
			}
		}
		Volumes map[string]any
	}
	if err := yaml.Load(text, &file, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	s, ok := file.Services["lethe"]
	if !ok || len(file.Services) != 1 {
		t.Fatalf("the services are %v", file.Services)
	}
	for what, holds := range map[string]bool{
		"the root can be written to":                           s.ReadOnly,
		"capabilities are left":                                slices.Equal(s.CapDrop, []string{"ALL"}) && s.CapAdd == nil && !s.Privileged,
		"a program could gain rights":                          slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}),
		"the user is not nobody":                               s.User == "65532:65532",
		"temporary files can be run, or reach a disk":          len(s.Tmpfs) == 1 && strings.HasPrefix(s.Tmpfs[0], "/tmp:") && strings.Contains(s.Tmpfs[0], "noexec,nosuid,nodev"),
		"documents are in no volume of their own":              slices.Equal(s.Volumes, []string{"documents:/var/lib/lethe"}) && len(file.Volumes) == 1,
		"memory can be swapped":                                s.MemLimit != "" && s.MemswapLimit == s.MemLimit,
		"a core dump can be left":                              hasLimit(s.Ulimits, "core", 0),
		"processes have no bound":                              s.PidsLimit > 0,
		"an end is not long enough to hand work back, or none": s.StopGracePeriod == "60s",
		"a server that ended stays so":                         s.Restart == "always",
		"it is reached from beyond the machine":                slices.Equal(s.Ports, []string{"127.0.0.1:8080:8080"}),
		"its health is not asked":                              slices.Equal(s.Healthcheck.Test, []string{"CMD", "/opt/lethe/lethe", "health"}),
		"its log has no end":                                   s.Logging.Options["max-size"] != "" && s.Logging.Options["max-file"] != "",
		"it is another command":                                slices.Equal(s.Command, []string{"serve"}),
		"the image has no version":                             strings.HasPrefix(s.Image, "lethe:${VERSION:?"),
	} {
		if !holds {
			t.Error(what)
		}
	}
	// Whoever the network's gateway stands for is the proxy, and nobody else tells addresses of clients.
	if len(s.Networks) != 1 || len(file.Networks[s.Networks[0]].Ipam.Config) != 1 || s.Environment["LETHE_TRUSTED_PROXIES"] != file.Networks[s.Networks[0]].Ipam.Config[0].Gateway {
		t.Errorf("the proxy is %s, the network %+v", s.Environment["LETHE_TRUSTED_PROXIES"], file.Networks)
	}
	unit := environment(t, "lethe.env")
	for name, value := range s.Environment {
		// What the image sets or a container needs is its own; everything else is the unit's.
		if unit[name] != value && name != "LETHE_BEHIND_PROXY" && name != "LETHE_TRUSTED_PROXIES" {
			t.Errorf("%s is %q, and %q in lethe.env", name, value, unit[name])
		}
		t.Setenv(name, value)
	}
	if _, err := config.Load(); err != nil {
		t.Error(err)
	}
}

func hasLimit(limits map[string]int, name string, want int) bool {
	got, ok := limits[name]
	return ok && got == want
}

// environment reads the variables of an environment file.
func environment(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			found[name] = value
		}
	}
	return found
}
