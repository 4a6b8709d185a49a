package azure

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/lethe-ocr/lethe/shared/fault"
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
		return fault.Wrap(Plainly(err), fault.StorageUnavailable, "storage did not answer; try again")
	}
	cause := fmt.Errorf("storage answered %d %s", resp.StatusCode, resp.ErrorCode)
	switch resp.ErrorCode {
	case string(bloberror.BlobNotFound), string(aztables.ResourceNotFound), string(queueerror.MessageNotFound):
		return fault.Wrap(cause, fault.ThingNotFound, "storage has no such object")
	case string(aztables.EntityAlreadyExists), string(bloberror.BlobAlreadyExists):
		return fault.Wrap(cause, fault.AlreadyExists, "it exists already")
	case string(bloberror.ConditionNotMet), string(aztables.UpdateConditionNotSatisfied):
		return fault.Wrap(cause, fault.ETagMismatch, "it changed since it was read")
	}
	switch resp.StatusCode {
	case 404:
		return fault.Wrap(cause, fault.ThingNotFound, "storage has no such object")
	case 412:
		return fault.Wrap(cause, fault.ETagMismatch, "it changed since it was read")
	default:
		return fault.Wrap(cause, fault.StorageUnavailable, "storage refused the request; try again later")
	}
}

// Plainly keeps what is known of an error without its text: cancellation, or the type of the failure.
func Plainly(err error) error {
	for _, known := range sentinels() {
		if errors.Is(err, known) {
			return known
		}
	}
	return fmt.Errorf("call failed with %T", rootOf(err))
}

func rootOf(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

func sentinels() []error {
	return []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF}
}
