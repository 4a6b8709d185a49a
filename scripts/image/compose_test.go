package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// The compose file states again what the image states: a container that it starts must not run as somebody else, or be asked elsewhere.
func TestComposeFileRunsTheImageAsItIs(t *testing.T) {
	text, err := os.ReadFile("../../infra/machine/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			User           string
			Command        []string
			Ports, Volumes []string
			Healthcheck    struct{ Test []string }
		}
	}
	if err := yaml.Load(text, &file); err != nil {
		t.Fatal(err)
	}
	s, is := file.Services["lethe"], config(source{})
	if s.User != is.User {
		t.Errorf("the compose file's user is %q, the image's %q", s.User, is.User)
	}
	if !slices.Equal(s.Command, is.Cmd) || !slices.Equal(s.Healthcheck.Test, is.Healthcheck.Test) {
		t.Errorf("it runs %q and asks %q, the image %q and %q", s.Command, s.Healthcheck.Test, is.Cmd, is.Healthcheck.Test)
	}
	for _, published := range s.Ports { // address:port:port of the container
		inside := published[strings.LastIndexByte(published, ':')+1:]
		if _, exposed := is.ExposedPorts[inside+"/tcp"]; !exposed || !slices.Contains(is.Env, "LETHE_LISTEN=0.0.0.0:"+inside) {
			t.Errorf("it publishes port %s of the container, the image has %v and %q", inside, is.ExposedPorts, is.Env)
		}
	}
	for _, mounted := range s.Volumes {
		_, inside, _ := strings.Cut(mounted, ":")
		if _, declared := is.Volumes[inside]; !declared {
			t.Errorf("it mounts %s, the image has %v", inside, is.Volumes)
		}
	}
	if len(s.Ports) != 1 || len(s.Volumes) != 1 {
		t.Errorf("it publishes %v and mounts %v", s.Ports, s.Volumes)
	}
	readme, err := os.ReadFile("../../infra/machine/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{fmt.Sprintf("It runs as user %d ", user), fmt.Sprintf("install -d -o %[1]d -g %[1]d ", user)} {
		if !strings.Contains(string(readme), told) {
			t.Errorf("README.md of infra/machine does not say %q", told)
		}
	}
}
