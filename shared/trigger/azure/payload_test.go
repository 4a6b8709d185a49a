package azure

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/trigger/azure/azuretest"
)

// names are legal blob names that something on the way could read as more than a name.
func names() []string {
	return []string{
		"2026112409/app/01981de2-7b00-7000-8000-000000000001/1", "with space", "ünïcödé-€-日本", "emoji-😀", "percent%41", "percent%2Fslash",
		"plus+and&amp", "question?mark", "hash#tag", `quote"quote`, "semi;colon", "a//b", "/leading", "dots..dots", "../up", "~!@$&'()*,:=[]{}|^`<>",
		`{"name":"x"}`, `{"name":"x","Uri":"y"}`, `"text"`, `"\"twice\""`, `\u0041`, "123", "null", "true", `[1]`, "tab\ttab", "new\nline",
		"uploads/x", "uploads/uploads/x", strings.Repeat("n", 1024),
	}
}

func TestBlobNameIsDecodedExactlyOnce(t *testing.T) {
	for _, name := range names() {
		p, err := parsePayload(azuretest.Blob("uploads", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.upload()
		if err != nil || got.Name != "uploads/"+name {
			t.Errorf("got %q, %v; want uploads/%s", got.Name, err, name)
		}
	}
}

func TestRecordedBlobNames(t *testing.T) {
	for recorded, want := range map[string]string{"blob": "uploads/2026112409/app/first/1", "blob-json-name": `uploads/{"name":"x"}`} {
		p, err := parsePayload(azuretest.Recorded(t, recorded))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.upload(); err != nil || got.Name != want {
			t.Errorf("%s: got %q, %v; want %q", recorded, got.Name, err, want)
		}
		if p.inline() {
			t.Errorf("%s: a reference counts as inline content", recorded)
		}
	}
}

func TestBlobNameIsRefused(t *testing.T) {
	for _, c := range []struct{ name, metadata string }{
		{"no metadata", `{}`},
		{"no name", `{"Uri":"\"http://h/a/uploads/x\""}`},
		{"no address", `{"name":"\"x\""}`},
		{"name encoded once", `{"name":"x","Uri":"\"http://h/a/uploads/x\""}`},
		{"name is an object", `{"name":{"a":1},"Uri":"\"http://h/a/uploads/x\""}`},
		{"name within is a number", `{"name":"1","Uri":"\"http://h/a/uploads/1\""}`},
		{"name within is null", `{"name":"null","Uri":"\"http://h/a/uploads/\""}`},
		{"name is empty", `{"name":"\"\"","Uri":"\"http://h/a/uploads/\""}`},
		{"another blob's address", `{"name":"\"x\"","Uri":"\"http://h/a/uploads/y\""}`},
		{"a name that ends as the address does", `{"name":"\"x\"","Uri":"\"http://h/a/uploads/prefix-x\""}`},
		{"a folder for the container", `{"name":"\"x\"","Uri":"\"http://h/a/uploads/folder/x\""}`},
		{"another container", `{"name":"\"x\"","Uri":"\"http://h/a/results/x\""}`},
		{"no container", `{"name":"\"x\"","Uri":"\"http://h/x\""}`},
		{"an address that is none", `{"name":"\"x\"","Uri":"\"http://%zz/a/uploads/x\""}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := parsePayload([]byte(`{"Data":{},"Metadata":` + c.metadata + `}`))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.upload(); err == nil {
				t.Errorf("got %q, want an error", got)
			}
		})
	}
}

func TestInlineContentIsNoticed(t *testing.T) {
	for _, c := range []struct {
		data string
		want bool
	}{
		{`{"blob":"aGVsbG8="}`, true},
		{`{"blob":  ""}`, true},
		{`{"blob":{"Version":"1.0"}}`, false},
		{`{"blob":null}`, false},
		{`{"other":"aGVsbG8="}`, false},
	} {
		p, err := parsePayload([]byte(`{"Data":` + c.data + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.inline(); got != c.want {
			t.Errorf("%s: inline %t, want %t", c.data, got, c.want)
		}
	}
}

func TestQueueMessageIsDecodedExactlyOnce(t *testing.T) {
	for _, message := range append(names(), "", `{"app":"a"}`, `{"message":"other"}`) {
		p, err := parsePayload(azuretest.Queue(message))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.message(); err != nil || got != message {
			t.Errorf("got %q, %v; want %q", got, err, message)
		}
	}
}

func TestQueueMessageIsRefused(t *testing.T) {
	for _, data := range []string{`{}`, `{"message":null}`, `{"message":1}`, `{"message":{"app":"a"}}`, `{"message":"once"}`, `{"message":"{\"app\":1}"}`} {
		p, err := parsePayload([]byte(`{"Data":` + data + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.message(); err == nil {
			t.Errorf("%s: got %q, want an error", data, got)
		}
	}
}

func TestEventsNameUploadsOnly(t *testing.T) {
	created := func(subject string) string {
		text, err := json.Marshal(map[string]any{"eventType": "Microsoft.Storage.BlobCreated", "subject": subject, "data": map[string]any{"url": "x"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, c := range []struct {
		name, message, want string
	}{
		{"upload", created("/blobServices/default/containers/uploads/blobs/2026/a/b/1"), "uploads/2026/a/b/1"},
		{"blobs in the name", created("/blobServices/default/containers/uploads/blobs/a/blobs/b"), "uploads/a/blobs/b"},
		{"result", created("/blobServices/default/containers/results/blobs/2026/a/b/txt"), ""},
		{"the host's own blob", created("/blobServices/default/containers/azure-webjobs-hosts/blobs/locks/x"), ""},
		{"container within the name", created("/blobServices/default/containers/results/uploads/blobs/x"), ""},
		{"no blob", created("/blobServices/default/containers/uploads/blobs/"), ""},
		{"container itself", created("/blobServices/default/containers/uploads"), ""},
		{"no container", created("/blobServices/default/containers//blobs/x"), ""},
		{"another subject", created("uploads/blobs/x"), ""},
		{"deletion", `{"eventType":"Microsoft.Storage.BlobDeleted","subject":"/blobServices/default/containers/uploads/blobs/x"}`, ""},
		{"array of events", "[" + created("/blobServices/default/containers/uploads/blobs/x") + "]", ""},
		{"task", `{"app":"a","id":"b"}`, ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := createdBlob(c.message)
			if ok != (c.want != "") || ok && got.Name != c.want {
				t.Errorf("got %q, %t; want %q", got.Name, ok, c.want)
			}
		})
	}
}

func TestPoisonNamesUploadsOnly(t *testing.T) {
	for _, c := range []struct {
		name, message, want string
	}{
		{"upload", `{"Type":"BlobTrigger","FunctionId":"Host.Functions.ocr","BlobType":"BlockBlob","ContainerName":"uploads","BlobName":"a/1","ETag":"\"0x1\""}`, "uploads/a/1"},
		{"another container", `{"Type":"BlobTrigger","ContainerName":"results","BlobName":"a"}`, ""},
		{"container with a folder", `{"Type":"BlobTrigger","ContainerName":"uploads/a","BlobName":"b"}`, ""},
		{"no blob", `{"Type":"BlobTrigger","ContainerName":"uploads"}`, ""},
		{"another type", `{"Type":"QueueTrigger","ContainerName":"uploads","BlobName":"a"}`, ""},
		{"no JSON", `BlobTrigger`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := poisonedBlob(c.message)
			if ok != (c.want != "") || ok && got.Name != c.want {
				t.Errorf("got %q, %t; want %q", got.Name, ok, c.want)
			}
		})
	}
}
