package azure

import (
	"encoding/json"
	"strings"
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

// CreatedBlob returns the name, with its container, of the upload that a BlobCreated event reports. It is false for
// anything else.
func CreatedBlob(message string) (string, bool) {
	var e blobEvent
	if json.Unmarshal([]byte(message), &e) != nil || e.EventType != created {
		return "", false
	}
	rest, ok := strings.CutPrefix(e.Subject, subjectPrefix)
	if !ok {
		return "", false
	}
	container, blob, ok := strings.Cut(rest, subjectInfix)
	if !ok {
		return "", false
	}
	return upload(container, blob)
}

// PoisonedBlob returns the name, with its container, of the upload that the host gave up on. It is false for anything but
// the message that the host writes then.
func PoisonedBlob(message string) (string, bool) {
	var gone struct{ Type, ContainerName, BlobName string }
	if json.Unmarshal([]byte(message), &gone) != nil || gone.Type != "BlobTrigger" {
		return "", false
	}
	return upload(gone.ContainerName, gone.BlobName)
}
