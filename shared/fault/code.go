package fault

import "slices"

// Code is a stable, machine-readable name of one cause. Clients may rely on it: a code is never renamed or reused.
type Code string

// Codes of requests.
const (
	BadRequest         Code = "bad_request"
	BadField           Code = "bad_field"
	MethodNotAllowed   Code = "method_not_allowed"
	Unauthorized       Code = "credentials_missing_or_wrong"
	ScopeMissing       Code = "scope_missing"
	CrossSite          Code = "cross_site"
	TaskNotFound       Code = "task_not_found"
	ResultNotFound     Code = "result_not_found"
	ThingNotFound      Code = "not_found"
	TaskErased         Code = "task_erased"
	WrongState         Code = "wrong_state"
	ETagMismatch       Code = "etag_mismatch"
	AlreadyExists      Code = "already_exists"
	IdempotencyReuse   Code = "idempotency_key_reused"
	BodyTooLarge       Code = "body_too_large"
	MediaUnsupported   Code = "media_type_unsupported"
	RangeUnsatisfiable Code = "range_not_satisfiable"
	LanguageUnknown    Code = "language_unknown"
	FormatUnknown      Code = "format_unknown"
	SecondPersonNeeded Code = "second_person_needed"
	CaseNotOpen        Code = "case_not_open"
	LinkInvalid        Code = "link_invalid"
	LinkExpired        Code = "link_expired"
	ApplicationRevoked Code = "application_revoked"
	UploadTooSlow      Code = "upload_too_slow"
	RateLimited        Code = "rate_limited"
	OpenTasksExceeded  Code = "open_tasks_exceeded"
	BytesExceeded      Code = "bytes_per_day_exceeded"
	PagesExceeded      Code = "pages_per_day_exceeded"
	StoredExceeded     Code = "bytes_stored_exceeded"
	IntakeClosed       Code = "intake_closed"
	StorageUnavailable Code = "storage_unavailable"
	StorageFull        Code = "storage_full"
	EngineUnavailable  Code = "engine_unavailable"
	EngineStarved      Code = "engine_starved"
	IssuerUnavailable  Code = "token_issuer_unavailable"
	ReceiptUnavailable Code = "receipt_unavailable"
	InternalError      Code = "internal_error"
)

// Codes of documents: why a task ended as ProcessingFailed, or why one page failed in an otherwise completed result.
const (
	DocumentEmpty         Code = "document_empty"
	DocumentTooLarge      Code = "document_too_large"
	DocumentSizeMismatch  Code = "document_size_mismatch"
	DocumentUnknownType   Code = "document_type_unsupported"
	DocumentDamaged       Code = "document_damaged"
	DocumentTooManyPages  Code = "document_too_many_pages"
	DocumentPageMissing   Code = "document_page_missing"
	DocumentPasswordNeed  Code = "document_password_missing"
	DocumentPasswordWrong Code = "document_password_wrong"
	DocumentRestricted    Code = "document_access_restricted"
	DocumentSigned        Code = "document_signed"
	DocumentPasswordStays Code = "document_password_stays"
	DocumentMissing       Code = "document_missing"
	DocumentChanged       Code = "document_changed"
	PageTooLarge          Code = "page_too_many_pixels"
	PageDamaged           Code = "page_damaged"
	PageUnsupported       Code = "page_unsupported"
	PageFailed            Code = "page_engine_failure"
	PageMemory            Code = "page_memory_limit"
	PageTime              Code = "page_time_limit"
	AttemptsExhausted     Code = "attempts_exhausted"
)

type meaning struct {
	kind      Kind
	retryable bool
	text      string
}

func meanings() map[Code]meaning {
	return map[Code]meaning{
		BadRequest:         {Invalid, false, "The request is malformed."},
		BadField:           {Invalid, false, "A field of the request has a value that is not allowed."},
		MethodNotAllowed:   {Invalid, false, "The address exists, but not for this method."},
		Unauthorized:       {Unauthenticated, false, "Credentials are missing, wrong, expired or revoked."},
		ScopeMissing:       {Forbidden, false, "The credential lacks the scope that the operation needs."},
		CrossSite:          {Forbidden, false, "A page of another site sent the request with a browser."},
		TaskNotFound:       {NotFound, false, "No task of this application has that id."},
		ResultNotFound:     {NotFound, false, "The task has no result in that format."},
		ThingNotFound:      {NotFound, false, "There is nothing at this address."},
		TaskErased:         {Gone, false, "The task existed and everything of it has been erased."},
		WrongState:         {Conflict, false, "The state of the task does not allow the operation."},
		ETagMismatch:       {Conflict, true, "The resource changed since it was read; read it again."},
		AlreadyExists:      {Conflict, false, "It exists already."},
		IdempotencyReuse:   {Invalid, false, "The idempotency key was used before with another request."},
		BodyTooLarge:       {TooLarge, false, "The body is larger than the limit."},
		MediaUnsupported:   {Unsupported, false, "The media type of the body is not supported here."},
		RangeUnsatisfiable: {Invalid, false, "The range begins behind the end."},
		LanguageUnknown:    {Invalid, false, "A language is not installed."},
		FormatUnknown:      {Invalid, false, "A result format is unknown."},
		SecondPersonNeeded: {Forbidden, false, "Another person has to do this: two persons decide, and the server must be able to distinguish them."},
		CaseNotOpen:        {Forbidden, false, "The case is not approved yet, or has ended."},
		LinkInvalid:        {Forbidden, false, "The link is damaged, or is for another object or method."},
		LinkExpired:        {Forbidden, false, "The link has expired; ask for a new one."},
		ApplicationRevoked: {Forbidden, false, "The application was revoked; what arrived through its links afterwards was erased unread."},
		UploadTooSlow:      {Invalid, true, "The upload was too slow; send the document again over a faster connection."},
		RateLimited:        {Exhausted, true, "Too many requests; slow down."},
		OpenTasksExceeded:  {Exhausted, true, "The application has too many unfinished tasks."},
		BytesExceeded:      {Exhausted, true, "The application has used up its bytes for the day."},
		PagesExceeded:      {Exhausted, true, "The application has used up its pages for the day."},
		StoredExceeded:     {Exhausted, true, "The application has reached its limit of stored bytes."},
		IntakeClosed:       {Unavailable, true, "The service accepts no new documents at the moment."},
		StorageUnavailable: {Unavailable, true, "Storage did not answer in time."},
		StorageFull:        {Unavailable, true, "Storage has no room for a document at the moment."},
		EngineUnavailable:  {Unavailable, true, "The recognition engine is not available at the moment."},
		EngineStarved:      {Unavailable, true, "The machine gives the recognition engine too little processor time at the moment."},
		ReceiptUnavailable: {Unavailable, false, "The stamp cannot sign receipts."},
		IssuerUnavailable:  {Unavailable, true, "The issuer of the token did not answer in time."},
		InternalError:      {Internal, true, "Something went wrong in the service."},

		DocumentEmpty:         {Document, false, "The document has no bytes."},
		DocumentTooLarge:      {Document, false, "The document is larger than the limit."},
		DocumentSizeMismatch:  {Document, false, "The document does not have the size that was announced for it."},
		DocumentUnknownType:   {Document, false, "The content is not of a supported document type."},
		DocumentDamaged:       {Document, false, "The document is damaged and cannot be opened."},
		DocumentTooManyPages:  {Document, false, "The document has more pages than the limit."},
		DocumentPageMissing:   {Document, false, "The document does not have a page that was asked for."},
		DocumentPasswordNeed:  {Document, false, "The document is encrypted; give its password with the task."},
		DocumentPasswordWrong: {Document, false, "The password given does not open the document."},
		DocumentRestricted:    {Document, false, "The document forbids extraction."},
		DocumentPasswordStays: {Document, false, "The document needs a password, which its PDF/A would not."},
		DocumentSigned:        {Document, false, "The document carries a digital signature that its searchable PDF would not keep."},
		DocumentMissing:       {Document, false, "The uploaded document was gone before it could be processed."},
		DocumentChanged:       {Document, false, "Two different documents were sent at once with the same idempotency key, or the upload was replaced while it was read."},
		PageTooLarge:          {Document, false, "A page has more pixels than the limit."},
		PageDamaged:           {Document, false, "A page is damaged and cannot be decoded."},
		PageUnsupported:       {Document, false, "A page is stored in a way that is not supported."},
		PageFailed:            {Document, false, "The engine failed twice on a page."},
		PageMemory:            {Document, false, "A page needed more memory than the limit."},
		PageTime:              {Document, false, "A page took more processor time than the limit."},
		AttemptsExhausted:     {Document, true, "Processing was tried several times and did not finish."},
	}
}

// Kind returns the kind that errors of this code have. An unknown code is Internal.
func (c Code) Kind() Kind {
	m, ok := meanings()[c]
	if !ok {
		return Internal
	}
	return m.kind
}

// Retryable reports whether the same request or document may succeed later without a change.
func (c Code) Retryable() bool { return meanings()[c].retryable }

// Meaning returns the sentence that documents the code.
func (c Code) Meaning() string { return meanings()[c].text }

// Error makes a Code usable as the target of errors.Is.
func (c Code) Error() string { return string(c) }

// Codes lists every code in alphabetical order, for the API description.
func Codes() []Code {
	var codes []Code
	for c := range meanings() {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	return codes
}

// Kinds lists every kind that a code has, in alphabetical order.
func Kinds() []Kind {
	var kinds []Kind
	for _, m := range meanings() {
		kinds = append(kinds, m.kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}
