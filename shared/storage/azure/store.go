package azure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// Store is one account with everything that the domain keeps in it.
type Store struct {
	Blobs   *Blobs
	Records *Records
	Links   *Links
	clients clients
	wall    func() time.Time
}

// Open returns the account's store. It sends no request.
func Open(cfg Config) (*Store, error) {
	c, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.SettleAfter == 0 {
		cfg.SettleAfter = DefaultSettleAfter
	}
	if cfg.Wall == nil {
		cfg.Wall = cfg.Now
	}
	return &Store{
		Blobs:   &Blobs{service: c.blobs, emulated: c.shared},
		Records: &Records{service: c.tables, settleAfter: cfg.SettleAfter, now: cfg.Now},
		Links:   &Links{service: c.blobs, shared: c.shared, now: cfg.Now},
		clients: c,
		wall:    cfg.Wall,
	}, nil
}

// Queue returns the queue of that name.
func (s *Store) Queue(name string) *Queue {
	return &Queue{client: s.clients.queues.NewQueueClient(name)}
}

// HasQueue reports whether the account has a queue of that name.
func (s *Store) HasQueue(ctx context.Context, name string) (bool, error) {
	_, err := s.clients.queues.NewQueueClient(name).GetProperties(ctx, nil)
	return has(err, string(queueerror.QueueNotFound))
}

// HasTable reports whether the account has a table of that name. It reads no record.
func (s *Store) HasTable(ctx context.Context, name string) (bool, error) {
	_, err := s.clients.tables.NewClient(name).NewListEntitiesPager(&aztables.ListEntitiesOptions{
		Filter: to.Ptr("PartitionKey eq '-' and RowKey eq '-'"), Top: to.Ptr(int32(1)), // which no record is called
	}).NextPage(ctx)
	return has(err, string(aztables.TableNotFound))
}

// has is what a question for something answered, which has a code for what is absent.
func has(err error, absent string) (bool, error) {
	if hasCode(err, absent) {
		return false, nil
	}
	return err == nil, err
}

// Emulated reports whether the account is an emulator's.
func (s *Store) Emulated() bool { return s.clients.shared }

// Prepare creates containers, tables and the given queues on an emulator. A stamp has them from its infrastructure code,
// and the program has no right to create any.
func (s *Store) Prepare(ctx context.Context, region string, queues ...string) error {
	if !s.clients.shared {
		return fmt.Errorf("containers of a stamp are created by its infrastructure code")
	}
	for _, name := range storage.Containers() {
		_, err := s.clients.blobs.CreateContainer(ctx, name, containerOptions(region))
		if err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return fmt.Errorf("create container: %w", classify(err))
		}
	}
	for _, name := range dueindex.Tables() {
		_, err := s.clients.tables.CreateTable(ctx, name, nil)
		if err != nil && !hasCode(err, string(aztables.TableAlreadyExists)) {
			return fmt.Errorf("create table: %w", classify(err))
		}
	}
	for _, name := range queues {
		_, err := s.clients.queues.CreateQueue(ctx, name, nil)
		if err != nil && !hasCode(err, "QueueAlreadyExists") {
			return fmt.Errorf("create queue: %w", classify(err))
		}
	}
	return nil
}

func hasCode(err error, code string) bool {
	var resp *azcore.ResponseError
	return errors.As(err, &resp) && resp.ErrorCode == code
}

// Tell makes the store answer, which contains its time.
func (s *Store) Tell(ctx context.Context) error {
	_, err := s.Region(ctx)
	return err
}

// Region reads the region that the deployment wrote on the uploads container; empty if it wrote none.
func (s *Store) Region(ctx context.Context) (string, error) {
	resp, err := s.clients.blobs.NewContainerClient(storage.Uploads).GetProperties(ctx, nil)
	if err != nil {
		return "", classify(err)
	}
	return RegionOf(resp.Metadata), nil
}

// RegionOf returns the region that a deployment wrote into the metadata of a container; empty if it wrote none.
func RegionOf(metadata map[string]*string) string {
	for key, v := range metadata {
		if equalFold(key, regionKey) {
			return value(v)
		}
	}
	return ""
}

// Service returns the client of the account's blob service, for those who read its settings.
func (s *Store) Service() *service.Client { return s.clients.blobs }
