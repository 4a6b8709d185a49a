// Package logevent names what the program reports to operators: JSON lines on standard output with stable names. Alerts,
// dashboards and tests refer to these constants. Attributes carry ids, sizes, counts, times and codes, never content,
// file names, links or credentials.
package logevent

// Names of events, the "msg" of a line.
const (
	ServerReady          = "server.ready"              // the program answers requests
	ServerStopping       = "server.stopping"           // intake is closed, running work is handed back
	IntakeClosed         = "intake.closed"             // something is wrong that /readyz names: no new documents, retention goes on
	IntakeOpened         = "intake.opened"             // it is well again
	PrepareFailed        = "prepare.failed"            // a step of the start did not succeed; the program runs on without it
	ForwardedIgnored     = "forwarded.ignored"         // a header that names a client came from a proxy that the settings do not name
	AdministratorMissing = "administrator.missing"     // there are applications, but none with the scope admin
	EngineFailed         = "engine.failed"             // no worker process starts
	EngineReady          = "engine.ready"              // the first worker process answered; with the sandbox in force
	WorkerKilled         = "worker.killed"             // a worker process broke a limit or died
	TaskCreated          = "task.created"              // a task was accepted
	UploadLanded         = "upload.landed"             // a document arrived
	UploadRefused        = "upload.refused"            // a document was refused and erased unread
	UploadPoisoned       = "upload.poisoned"           // the host gave up on a document
	TaskClaimed          = "task.claimed"              // a worker took the lease
	TaskHandedOn         = "task.handed-on"            // the rest goes on in another invocation
	TaskRequeued         = "task.requeued"             // an event was lost, a lease expired, or a fault was transient
	TaskCompleted        = "task.completed"            // results are ready
	TaskFailed           = "task.failed"               // ended with an explanation
	TaskDeleted          = "task.deleted"              // a delete was accepted
	TaskErased           = "task.erased"               // every copy is gone and the check found nothing
	PartsUnavailable     = "parts.unavailable"         // a large document is read whole, as the table of its parts does not answer: does the stamp have it?
	ResultFetched        = "result.fetched"            // a result was sent, or a link to it was issued
	SweepDone            = "sweep.done"                // the retention function finished
	SweepFailed          = "sweep.failed"              // a sweep or full pass could not do all that is due; an error once that has lasted for ten minutes
	SweepAwaited         = "sweep.awaited"             // what could not be done at once: the next sweep or full pass does it
	PassLate             = "pass.late"                 // no full pass has come to its end for a day: orphans may be left
	DueUnknown           = "due.unknown"               // records are due of which this program does not know what that means: they were left
	MemoryKept           = "memory.kept"               // memory could not be given back after an erasure; it is tried again
	DocumentOldest       = "document.oldest"           // age of the oldest document alive
	DocumentOverdue      = "document.overdue"          // a document nears its limit: someone must act
	CanaryDone           = "canary.done"               // a synthetic page was recognised and erased; with the times
	CanaryFailed         = "canary.failed"             // a synthetic page was not read, or not erased in time
	RoundFailed          = "round.failed"              // a step of what is looked at every few minutes failed: doctor, files of the ledger, oldest document or canary; the next round tries it again
	LedgerGrown          = "ledger.grown"              // entries were appended to the ledger
	LedgerStuck          = "ledger.stuck"              // entries wait in vain: no signing key, one that is not cross-signed, or files that contradict each other
	LedgerRebuilt        = "ledger.rebuilt"            // the ledger's state was lost and made anew from its files
	ReceiptUnsigned      = "receipt.unsigned"          // a receipt was asked for and there is no signing key
	DoctorDone           = "doctor.done"               // the stamp was checked; with the number of findings
	DoctorFinding        = "doctor.finding"            // a check of the stamp found a breach
	AccessRecorded       = "access.recorded"           // a privileged act was written to the access log
	CaseOpened           = "case.opened"               // a reviewer asked to see a document
	CaseApproved         = "case.approved"             // a second person agreed
	CaseClosed           = "case.closed"               // the review ended
	RequestDone          = "request.done"              // one line for each request served
	RequestFailed        = "request.failed"            // a request met a fault of the service or of its storage
	IssuerFailed         = "issuer.failed"             // the issuer of tokens did not answer, so tokens are not accepted
	AccessDenied         = "access.denied"             // wrong credentials or a missing scope
	InvocationMalformed  = "invocation.malformed"      // the host sent what is not of its trigger's form
	InvocationFailed     = "invocation.failed"         // the host will try again
	InvocationInline     = "invocation.inline-content" // the host sent a blob's content instead of a reference
	WebhookDelivered     = "webhook.delivered"         // a receiver took an event
	WebhookFailed        = "webhook.failed"            // an attempt was in vain, or a delivery ended without success
	WebhookTested        = "webhook.tested"            // a challenge was sent
	TelemetryFailed      = "telemetry.failed"          // traces or metrics could not be sent: is the receiver there, and does it take them?
	ClockJumped          = "clock.jumped"              // the wall clock and elapsed time differ: intake closes until they agree or an operator accepts
	ClockAgrees          = "clock.agrees"              // they agree again
	ClockUnsaved         = "clock.unsaved"             // the elapsed time cannot be stored or read: a reboot now would make documents go early
	ClockUnseen          = "clock.unseen"              // the store did not report its time
	CredentialIssued     = "credential.issued"         // a secret was made, rotated or revoked
)
