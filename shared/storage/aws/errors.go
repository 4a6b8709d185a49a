package aws

import (
	"errors"
	"fmt"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Codes of the services that decide something here.
const (
	noSuchBucket      = "NoSuchBucket"
	noSuchKey         = "NoSuchKey"
	noSuchUpload      = "NoSuchUpload"
	noSuchTagSet      = "NoSuchTagSet"
	preconditionFails = "PreconditionFailed"
	conditionConflict = "ConditionalRequestConflict" // another write of the name was under way
	invalidRange      = "InvalidRange"
	conditionFails    = "ConditionalCheckFailedException"
	conditionFailed   = "ConditionalCheckFailed" // of an item of a transaction
)

// code returns how a service names an error, empty if no service does.
func code(err error) string {
	var known smithy.APIError
	if errors.As(err, &known) {
		return known.ErrorCode()
	}
	return ""
}

func status(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) {
		return resp.HTTPStatusCode()
	}
	return 0
}

// unnamed reports that there is no object, as an answer without a body says it.
func unnamed(err error) bool {
	_, ok := errors.AsType[*s3types.NotFound](err)
	return ok
}

// classify turns an error of the SDK into a fault, once for all calls. The SDK's text may hold names, and the services' own
// texts quote keys: only status and code are kept.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if status(err) == 0 && code(err) == "" {
		return storage.Unanswered(err, errLasting)
	}
	cause := fmt.Errorf("storage answered %d %s", status(err), code(err))
	switch {
	case code(err) == noSuchBucket:
		return storage.Refused(cause)
	case code(err) == conditionFails, code(err) == preconditionFails, status(err) == 412:
		return storage.Changed(cause)
	case code(err) == noSuchKey, code(err) == noSuchUpload, unnamed(err):
		// Only the service's own word counts: what has no record is erased, and others on the way answer 404 too.
		return storage.Missing(cause)
	default:
		return storage.Refused(cause)
	}
}
