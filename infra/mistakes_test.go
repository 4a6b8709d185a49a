package infra_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// mistake is an error of one line that somebody could make.
type mistake struct {
	file     string // below azure/
	old, new string // the only line that holds old, and what it holds then
	of       string // a case in which it shows; westeurope by default
}

// mistakes are errors in every file. Those of the first kind the compiler sees, all others are for the rules.
func mistakes() []mistake {
	const account, app, alerts = "modules/account.bicep", "modules/functionApp.bicep", "modules/alerts.bicep"
	return []mistake{
		// Typing errors.
		{account, "allowSharedKeyAccess: false", "allowSharedKeyAcces: false", ""},
		{app, "httpsOnly: true", "httpOnly: true", ""},
		{"modules/vault.bicep", "Microsoft.KeyVault/vaults@2026-02-01' = {", "Microsoft.KeyVault/vault@2026-02-01' = {", ""},
		{"modules/network.bicep", "serviceName: 'Microsoft.App/environments'", "servicename: 'Microsoft.App/environments'", "private"},
		{"main.bicep", "params: { name: identityName, location: location, tags: tags }", "params: { name: identityName, location: location }", ""},
		{"types.bicep", "type redundancy = 'Standard_LRS' | 'Standard_ZRS'", "type redundancy = 'Standard_GRS' | 'Standard_RAGRS'", ""},
		{"events.bicep", "minimumTlsVersionAllowed: '1.2'", "minimumTlsVersion: '1.2'", ""},
		{"guard.bicep", "enforcementMode: 'Default'", "enforcement: 'Default'", ""},
		// Weakened accounts.
		{account, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", ""},
		{account, "metadata: { region: location }", "metadata: { place: location }", ""},
		{account, "keySource: key == null", "keySource: key != null", "everything"},
		// Deleted that is not gone.
		{account, "deleteRetentionPolicy: { allowPermanentDelete: false, enabled: false }", "deleteRetentionPolicy: { days: 7, enabled: true }", ""},
		{account, "restorePolicy: { enabled: false }", "", ""},
		{"modules/documents.bicep", "var unprocessedDays = (clocks.unprocessedHours + 23) / 24", "var unprocessedDays = clocks.unprocessedHours / 24 + 1", ""},
		{"modules/documents.bicep", "var processedDays = (clocks.processedHours + 23) / 24", "var processedDays = 0 * clocks.processedHours", ""},
		{"modules/documents.bicep", "{ container: 'uploads', days: unprocessedDays }", "{ container: 'upload', days: unprocessedDays }", ""},
		{"modules/hostStorage.bicep", "containers: [packages]", "containers: [packages, 'results']", ""},
		{"modules/hostStorage.bicep", "network: { closed: closed, addresses: [] }", "network: { closed: false, addresses: [] }", "private"},
		// Wrong or wider roles.
		{"modules/roles.bicep", "var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'", "var blobDataContributor = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'", ""},
		{"modules/roles.bicep", "scope: documents::blobs::container[i]", "scope: documents", ""},
		{"modules/customerKey.bicep", "scope: key", "scope: vault", "everything"},
		{"modules/eventTopic.bicep", "scope: documents::blobs::container", "scope: documents", ""},
		// The app and what it is told.
		{app, "runtime: { name: 'custom', version: '1.0' }", "runtime: { name: 'custom', version: '1' }", ""},
		{app, "name: 'scm'\n  properties: { allow: false }", "name: 'scm'\n  properties: { allow: true }", ""},
		{app, "AzureWebJobsStorage__credential: 'managedidentity'", "AzureWebJobsStorage: ''", ""},
		{app, "rolesBySecret ? 'false' : 'true'", "rolesBySecret ? 'true' : 'false'", ""},
		{app, "page ? 'on' : 'off'", "page ? 'off' : 'on'", ""},
		{account, "allowedOrigins: [pageOrigin]", "allowedOrigins: ['*']", "everything"},
		{"main.bicep", "    key: key\n    pageOrigin: origin\n", "    key: key\n    pageOrigin: ''\n", "everything"},
		{"main.bicep", "param review bool = false", "param review bool = true", ""},
		{app, "LETHE_RETAIN_UNPROCESSED:", "LETHE_RETAIN_UPLOADED:", ""},
		{app, "    settings,\n    {", "    {", ""},
		{app, "ipAddress: 'AzureEventGrid'", "ipAddress: 'AzureCloud'", "open"},
		{"main.bicep", "concat(['ocr-requeue', 'webjobs-blobtrigger-poison']", "concat(['ocr-requeue', 'webjobs-blobtrigger-poisoned']", ""},
		{"main.bicep", "webhooks ? ['notify'] : []", "['notify']", ""},
		{"main.bicep", "webhooks ? ['notify'] : []", "webhooks ? ['notices'] : []", "everything"},
		{"main.bicep", "param webhooks bool = false", "param webhooks bool = true", ""},
		{app, "LETHE_WEBHOOKS: webhooks ? 'true' : 'false'", "LETHE_WEBHOOKS: 'true'", ""},
		{app, "    webhooks ? {} : { 'AzureWebJobs.notify.Disabled': 'true' },\n", "", ""},
		{app, "    webhooks ? {} : {", "    webhooks ? { 'AzureWebJobs.notify.Disabled': 'true' } : {", "everything"},
		{"main.bicep", "'function:requeue'", "'function:ocr'", "everything"},
		{"types.bicep", "memoryMB: 2048 | 4096", "memoryMB: 512 | 1024", ""},
		// Network, key, vault.
		{"modules/network.bicep", "serviceName: 'Microsoft.App/environments'", "serviceName: 'Microsoft.Web/serverFarms'", "private"},
		{"modules/privateEndpoint.bicep", "groupIds: [group]", "groupIds: ['blob']", "private"},
		{"modules/vault.bicep", "enablePurgeProtection: purgeProtection ? true : null", "enablePurgeProtection: null", "everything"},
		{"modules/identity.bicep", "location: location", "location: 'westus'", ""},
		// What nobody would hear of.
		{alerts, "event == \"sweep.done\"", "event == \"sweep.finished\"", ""},
		{alerts, "event == \"pass.late\"", "event == \"pass.long\"", ""},
		{alerts, "event == \"due.unknown\"", "event == \"due.failed\"", ""},
		{alerts, "silence: true", "silence: false", ""},
		{alerts, "name: 'canary-failed'", "name: 'canary'", ""},
		{"modules/logAlert.bicep", "enabled: true", "enabled: false", ""},
		{"modules/changeAlerts.bicep", "'Microsoft.Storage/storageAccounts/blobServices/write'", "'Microsoft.Storage/storageAccounts/blobServices/read'", ""},
		{"modules/diagnostics.bicep", "{ category: 'StorageRead', enabled: true }", "{ category: 'StorageRead', enabled: false }", ""},
		{"modules/monitoring.bicep", "totalRetentionInDays: item.days", "totalRetentionInDays: 730", ""},
		// The events and the guard.
		{"events.bicep", "containers/uploads/'", "containers/upload/'", ""},
		{"events.bicep", "Host.Functions.ocr", "Host.Functions.scan", ""},
		{"events.bicep", "queueName: 'ocr-requeue'", "queueName: 'requeue'", "private"},
		{"guard.bicep", "id: 'e56962a6-4747-49cd-b67b-bf8b01975c4c'", "id: 'e56962a6-4747-49cd-b67b-bf8b01975c4d'", ""},
		{"guard.bicep", "enforcementMode: 'Default'", "enforcementMode: 'DoNotEnforce'", ""},
	}
}

// TestEveryFileHasAMistake keeps new files from going without.
func TestEveryFileHasAMistake(t *testing.T) {
	var files []string
	for _, pattern := range []string{"azure/*.bicep", "azure/modules/*.bicep"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if !slices.ContainsFunc(mistakes(), func(m mistake) bool { return filepath.Join("azure", m.file) == file }) {
			t.Errorf("%s: nobody shows that a mistake in it is found", file)
		}
	}
}

// TestASeededMistakeIsFound makes mistakes in a copy. That the snapshots differ does not count: whoever makes one of
// these also writes the snapshots anew. The compiler has to complain, or a rule.
func TestASeededMistakeIsFound(t *testing.T) {
	newCompiler(t)
	all := mistakes()
	if len(all) < 40 {
		t.Fatalf("%d mistakes, want 40 at least", len(all))
	}
	all = drawn(all, 2)
	began := time.Now()
	var compiled, ruled atomic.Int32
	t.Run("each", func(t *testing.T) {
		for i, m := range all {
			t.Run(fmt.Sprintf("%02d %s", i, filepath.Base(m.file)), func(t *testing.T) {
				t.Parallel()
				found, err := m.made(t)
				switch {
				case err != nil:
					compiled.Add(1)
					t.Logf("%s: %q: the compiler: %v", m.file, m.new, err)
				case len(found) > 0:
					ruled.Add(1)
					t.Logf("%s: %q: %s", m.file, m.new, found[0])
				default:
					t.Errorf("nobody noticed %q in place of %q", m.new, m.old)
				}
			})
		}
	})
	t.Logf("%d mistakes: the compiler found %d, the rules %d, in %v", len(all), compiled.Load(), ruled.Load(), time.Since(began).Round(time.Second))
}

// made makes the mistake and returns what the rules find then, or what the compiler says.
func (m mistake) made(t *testing.T) ([]string, error) {
	t.Helper()
	c := newCompiler(t)
	path := filepath.Join(c.dir, "azure", m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.old); n == 0 {
		t.Fatalf("%s has no %q", m.file, m.old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	of := m.of
	if of == "" {
		of = "westeurope"
	}
	for _, o := range append(snapshots(), open()) {
		if o.name != of {
			continue
		}
		snapshot, err := c.evaluate(o)
		if err != nil {
			return nil, err
		}
		return findings(read(t, o, snapshot)), nil
	}
	t.Fatalf("no case %s", of)
	return nil, nil
}
