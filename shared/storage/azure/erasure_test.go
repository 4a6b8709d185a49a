package azure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task/erasuretest"
)

// opened is an empty account with everything that a stamp has.
func opened(t *testing.T, emulator *azurite.Emulator) (store *azure.Store, connection string) {
	t.Helper()
	connection = emulator.Account(t).ConnectionString
	store, err := azure.Open(azure.Config{ConnectionString: connection, SettleAfter: -time.Second, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Prepare(t.Context(), "westeurope"); err != nil {
		t.Fatal(err)
	}
	return store, connection
}

func TestErasureSurvivesEveryLostWrite(t *testing.T) {
	emulator := azurite.Start(t)
	erasuretest.Run(t, func(t *testing.T) storagetest.Stores {
		store, _ := opened(t, emulator)
		return storagetest.Stores{Blobs: store.Blobs, Records: store.Records, Agenda: store.Records}
	})
}

func TestSnapshotsAreCountedAndGoWithTheirBlob(t *testing.T) {
	store, connection := opened(t, azurite.Start(t))
	const name = "results/2026030112/app/task/txt"
	if _, err := store.Blobs.Put(t.Context(), name, "text/plain", strings.NewReader("text")); err != nil {
		t.Fatal(err)
	}
	if n, err := store.Blobs.Remnants(t.Context(), "results/2026030112/"); err != nil || n != 0 {
		t.Errorf("of a plain blob %d remnants are counted, %v", n, err)
	}
	client, err := service.NewClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	container, blob, _ := strings.Cut(name, "/")
	if _, err := client.NewContainerClient(container).NewBlobClient(blob).CreateSnapshot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if n, err := store.Blobs.Remnants(t.Context(), "results/2026030112/"); err != nil || n != 1 {
		t.Errorf("with a snapshot %d remnants are counted, %v", n, err)
	}
	if err := store.Blobs.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if n, err := store.Blobs.Remnants(t.Context(), "results/2026030112/"); err != nil || n != 0 {
		t.Errorf("after the delete %d remnants are counted, %v", n, err)
	}
}
