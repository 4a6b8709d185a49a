package stack

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/scripts/process"
)

// The account that every Azurite has. Its key is public.
const (
	account    = "devstoreaccount1"
	accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Azurite is a running emulator of Azure storage that keeps everything in memory and listens on loopback only.
type Azurite struct {
	process   *process.Process
	endpoints map[string]string
}

// StartAzurite runs Azurite until ctx ends or Stop is called. Its ports are free ones that it picks itself.
func StartAzurite(ctx context.Context, t Tools) (*Azurite, error) {
	if missing := t.MissingAzurite(); missing != "" {
		return nil, fmt.Errorf("%s", missing)
	}
	out := &process.Buffer{}
	cmd := exec.Command("node", t.Azurite, "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry",
		"--blobPort", "0", "--queuePort", "0", "--tablePort", "0")
	p, err := process.Start(ctx, cmd, out)
	if err != nil {
		return nil, fmt.Errorf("start Azurite: %w", err)
	}
	a := &Azurite{process: p, endpoints: map[string]string{}}
	err = p.Await(ctx, 30*time.Second, func(context.Context) bool {
		for _, m := range listening.FindAllSubmatch(out.Bytes(), -1) {
			a.endpoints[string(m[1])] = string(m[2])
		}
		return len(a.endpoints) == 3
	})
	if err != nil {
		a.Stop()
		return nil, fmt.Errorf("wait for Azurite: %w: %s", err, out.Bytes())
	}
	return a, nil
}

// listening is what Azurite prints for each service; compiled once, never changed.
var listening = regexp.MustCompile(`Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)`)

// ConnectionString reaches the emulator with its account key.
func (a *Azurite) ConnectionString() string {
	var s strings.Builder
	_, _ = io.WriteString(&s, "DefaultEndpointsProtocol=http;AccountName="+account+";AccountKey="+accountKey+";")
	for _, service := range []string{"Blob", "Queue", "Table"} {
		fmt.Fprintf(&s, "%sEndpoint=%s/%s;", service, a.endpoints[service], account)
	}
	return s.String()
}

// BlobURL is the endpoint of the blob service, with the account.
func (a *Azurite) BlobURL() string { return a.endpoints["Blob"] + "/" + account }

// Stop ends the emulator; what it held is gone.
func (a *Azurite) Stop() { a.process.Stop() }
