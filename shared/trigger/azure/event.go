package azure

import (
	"encoding/json"
	"strings"

	"github.com/lethe-ocr/lethe/shared/trigger"
)

// blobEvent is the part of an Event Grid event that is read; see the event schema of Azure Blob Storage.
type blobEvent struct {
	EventType string `json:"eventType"`
	Subject   string `json:"subject"`
}

// created is the only event that is acted on.
const created = "Microsoft.Storage.BlobCreated"

// subjectPrefix and subjectInfix surround the container in an event's subject.
const (
	subjectPrefix = "/blobServices/default/containers/"
	subjectInfix  = "/blobs/"
)

// createdBlob returns the upload that a BlobCreated event reports. It is false for anything else.
func createdBlob(message string) (trigger.Upload, bool) {
	var e blobEvent
	if json.Unmarshal([]byte(message), &e) != nil || e.EventType != created {
		return trigger.Upload{}, false
	}
	rest, ok := strings.CutPrefix(e.Subject, subjectPrefix)
	if !ok {
		return trigger.Upload{}, false
	}
	container, blob, ok := strings.Cut(rest, subjectInfix)
	if !ok {
		return trigger.Upload{}, false
	}
	return trigger.NewUpload(container, blob)
}

// PoisonQueue is where the host puts a message for a blob that it gave up on.
const PoisonQueue = "webjobs-blobtrigger-poison"

// poisonedBlob returns the upload that the host gave up on. It is false for anything but the message that the host writes then.
func poisonedBlob(message string) (trigger.Upload, bool) {
	var gone struct{ Type, ContainerName, BlobName string }
	if json.Unmarshal([]byte(message), &gone) != nil || gone.Type != "BlobTrigger" {
		return trigger.Upload{}, false
	}
	return trigger.NewUpload(gone.ContainerName, gone.BlobName)
}
