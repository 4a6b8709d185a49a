package azure_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func TestConformance(t *testing.T) {
	emulator := azurite.Start(t)
	storagetest.Run(t, func(t *testing.T) storagetest.Stores {
		account := emulator.Account(t)
		store, err := azure.Open(azure.Config{ConnectionString: account.ConnectionString, SettleAfter: -time.Second, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Prepare(t.Context(), "westeurope"); err != nil {
			t.Fatal(err)
		}
		return storagetest.Stores{
			Blobs: store.Blobs, Records: store.Records, Agenda: store.Records,
			Stage: func(t *testing.T, name string) { stage(t, account.ConnectionString, name) },
			Links: store.Links,
		}
	})
}

// stage leaves blocks that are never committed.
func stage(t *testing.T, connection, name string) {
	t.Helper()
	client, err := service.NewClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	container, blob, _ := strings.Cut(name, "/")
	id := base64.StdEncoding.EncodeToString([]byte("block-1"))
	_, err = client.NewContainerClient(container).NewBlockBlobClient(blob).StageBlock(t.Context(), id, streaming.NopCloser(strings.NewReader("staged")), nil)
	if err != nil {
		t.Fatal(err)
	}
}
