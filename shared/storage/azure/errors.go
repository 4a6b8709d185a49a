package azure

import (
	"errors"
	"fmt"

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
	switch resp.StatusCode {
	case 404:
		return storage.Missing(cause)
	case 412:
		return storage.Changed(cause)
	default:
		return storage.Refused(cause)
	}
}
