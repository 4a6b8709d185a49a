package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// uploads is the container whose blobs make events.
const uploads = "uploads"

// Events says how events of new blobs are delivered: as Event Grid promises, at least once and in no order.
type Events struct {
	Copies int           // how often each event is sent; zero means once
	Drop   int           // how many of the first events are lost
	Delay  time.Duration // between blob and event
}

// forwarder looks for new blobs and tells the host of each.
type forwarder struct {
	stack  *Stack
	blobs  *container.Client
	events Events
	seen   map[string]time.Time // name and ETag of each blob, and when it was first seen; zero once its event is sent
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func startForwarder(ctx context.Context, s *Stack) (*forwarder, error) {
	blobs, err := container.NewClientFromConnectionString(s.cfg.Storage, uploads, nil)
	if err != nil {
		return nil, fmt.Errorf("connect to storage: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &forwarder{stack: s, blobs: blobs, events: s.cfg.Events, seen: map[string]time.Time{}, cancel: cancel}
	f.ended.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				f.look(ctx)
			}
		}
	})
	return f, nil
}

func (f *forwarder) stop() {
	f.cancel()
	f.ended.Wait()
}

// look sends the events of blobs that appeared. What cannot be listed or sent is left for the next time, as Event Grid
// tries again.
func (f *forwarder) look(ctx context.Context) {
	for pager := f.blobs.NewListBlobsFlatPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return
		}
		for _, b := range page.Segment.BlobItems {
			f.tell(ctx, *b.Name, string(*b.Properties.ETag))
		}
	}
}

func (f *forwarder) tell(ctx context.Context, name, etag string) {
	key := name + "\x00" + etag
	first, known := f.seen[key]
	switch {
	case !known:
		first = time.Now()
		f.seen[key] = first
	case first.IsZero():
		return
	}
	if time.Since(first) < f.events.Delay {
		return
	}
	if f.events.Drop > 0 {
		f.events.Drop--
		f.seen[key] = time.Time{}
		return
	}
	for range max(1, f.events.Copies) {
		if f.stack.Tell(ctx, name) != nil {
			return
		}
	}
	f.seen[key] = time.Time{}
}

// Tell sends the event of one blob of the uploads container to each blob-triggered function.
func (s *Stack) Tell(ctx context.Context, name string) error {
	event, err := json.Marshal([]map[string]any{{
		"topic":     "/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/" + account,
		"subject":   "/blobServices/default/containers/" + uploads + "/blobs/" + name,
		"eventType": "Microsoft.Storage.BlobCreated",
		"id":        fmt.Sprintf("%d", time.Now().UnixNano()),
		"eventTime": time.Now().UTC().Format(time.RFC3339Nano),
		"data": map[string]any{
			"api": "PutBlob", "blobType": "BlockBlob", "contentType": "application/octet-stream",
			"url": "https://" + account + ".blob.core.windows.net/" + uploads + "/" + url.PathEscape(name),
		},
		"dataVersion": "", "metadataVersion": "1",
	}})
	if err != nil {
		return err
	}
	for _, function := range s.functions["blobTrigger"] {
		if err := s.post(ctx, s.webhook(function), event); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) post(ctx context.Context, to string, event []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(event))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("aeg-event-type", "Notification")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the host took no event: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)) // lets the connection be used again
	if res.StatusCode != http.StatusAccepted && res.StatusCode != http.StatusOK {
		return fmt.Errorf("the host answered an event with %d", res.StatusCode)
	}
	return nil
}
