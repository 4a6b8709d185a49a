package azure

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// classify turns an error of the SDK into a fault, once for all calls. The SDK's text holds the URL of the request, and
// with it names and signatures: only its status and code are kept.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	var resp *azcore.ResponseError
	if !errors.As(err, &resp) {
		return storage.Unanswered(err)
	}
	cause := fmt.Errorf("storage answered %d %s", resp.StatusCode, resp.ErrorCode)
	switch resp.ErrorCode {
	case string(bloberror.BlobNotFound), string(aztables.ResourceNotFound), string(queueerror.MessageNotFound):
		return storage.Missing(cause)
	case string(aztables.EntityAlreadyExists), string(bloberror.BlobAlreadyExists):
		return storage.Existing(cause)
	case string(bloberror.ConditionNotMet), string(aztables.UpdateConditionNotSatisfied):
		return storage.Changed(cause)
	}
	// Of a 404 only the service's own word counts: what has no record is erased, and others on the way answer 404 too.
	if resp.StatusCode == http.StatusPreconditionFailed {
		return storage.Changed(cause)
	}
	return storage.Refused(cause)
}
