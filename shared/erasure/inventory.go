// Package erasure knows every location where a copy of a document can be. One inventory serves the eraser, the independent
// check, receipts, the record of processing that `lethe inventory` prints, and the tests: a class of copies that is missing
// here is missing everywhere, and tests fail.
package erasure

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Class names one kind of copy. Classes are stable: receipts hold them.
type Class string

// The classes.
const (
	Upload      Class = "upload"
	Blocks      Class = "uncommitted-blocks"
	Page        Class = "page"
	Result      Class = "result"
	Remnant     Class = "snapshot-version-deleted"
	DeadLetter  Class = "dead-letter"
	Password    Class = "password"
	ClientText  Class = "client-text"
	Journal     Class = "database-journal"
	TaskRecord  Class = "task-record"
	PartRecord  Class = "part-record"
	KeyRecord   Class = "idempotency-key"
	CaseRecord  Class = "review-case"
	Opening     Class = "receipt-opening"
	Message     Class = "queue-message"
	Poison      Class = "poison-message"
	Memory      Class = "worker-memory"
	Server      Class = "server-memory"
	MemoryFile  Class = "memory-file"
	Staging     Class = "partial-upload"
	Transfer    Class = "open-transfer"
	AccessEntry Class = "access-log"
	LedgerEntry Class = "ledger"
	Platform    Class = "platform-log"
	Reserve     Class = "reserve"
	Application Class = "application"
	Usage       Class = "usage"
	DailyUsage  Class = "daily-usage"
	Webhook     Class = "webhook"
	Delivery    Class = "webhook-delivery"
	Receipt     Class = "receipt"
	ProgramLog  Class = "program-log"
)

// Role is where the program runs.
type Role string

// The roles.
const (
	Machine Role = "one machine"
	Azure   Role = "Azure"
	AWS     Role = "AWS"
)

// Means says who removes a class.
type Means string

// The means.
const (
	ByEraser   Means = "eraser"     // the eraser, container by container; the check lists it again
	ByScrub    Means = "scrub"      // the eraser, by having the database empty its journal
	ByCheck    Means = "check only" // must not exist; the check fails, and with it the receipt, if it does
	BySweep    Means = "sweep"      // the retention function, when its own time has come
	ByDomain   Means = "transition" // the change of state that ends the need for it
	ByStaging  Means = "staging"    // the eraser, among half-written files, and the full pass by their age; the check reads there and the open files
	ByProcess  Means = "process"    // the program's memory: gone with the process or before
	ByOperator Means = "operator"   // outside the program's reach: a setting of the stamp
)

// Item is one line of the inventory.
type Item struct {
	Class     Class  `json:"class"`
	Holds     string `json:"holds"`           // what of a document is in it
	Roles     []Role `json:"roles"`           // where it can exist
	Means     Means  `json:"means"`           // who removes it
	Container string `json:"where,omitempty"` // for ByEraser: the container
	Gone      string `json:"gone"`            // by when, at the latest
	Proof     string `json:"proof"`           // the test that fails when it stays
}

// Content reports whether the class can hold bytes or words of a document.
func (i Item) Content() bool {
	return !slices.Contains([]Means{BySweep, ByOperator}, i.Means)
}

// Inventory lists every class of copies.
func Inventory() []Item {
	both := []Role{Machine, Azure, AWS}
	cloud := []Role{Azure, AWS}
	machine := []Role{Machine}
	return []Item{
		{Upload, "the document as sent", both, ByEraser, storage.Uploads, "when processing ends, or with the results where its application may process it again; at delete; at its deadline", "TestYear"},
		{Blocks, "parts of a document whose upload was never finished", both, ByEraser, storage.Uploads, "20 minutes after the link expired, or with the next full pass", "TestYear"},
		{Page, "recognised text of single pages", both, ByEraser, storage.Work, "when processing ends; at delete; at its deadline", "TestYear"},
		{Result, "recognised text; the searchable copy of the document. Of a document that needs a password the PDF is encrypted with it, unless the task declined; other formats are not", both, ByEraser, storage.Results, "at delete; at its deadline; with delete-on-fetch after the last download", "TestYear"},
		{Remnant, "earlier or deleted copies that the storage account keeps", cloud, ByCheck, "", "never exists: the account is deployed without, the doctor checks, and no receipt is issued while one is listed", "TestRemnantKeepsTheReceiptBack"},
		{DeadLetter, "names of uploads whose event could not be delivered; no content", []Role{Azure}, ByEraser, storage.DeadLetters, "with the next full pass", "TestYear"},
		{Password, "the password that opens the document, sealed with a key that lies outside the database", both, ByDomain, "", "with the upload that it opens: when processing ends; at delete; at its deadline", "TestPasswordLeavesTheRecordWhenProcessingEnds"},
		{ClientText, "what a client wrote of its own through the interface for ABBYY clients: a description, names of fields, expressions and letters that they may hold", both, ByDomain, "", "all but the description when processing ends; the description at delete; at its deadline", "TestClientTextLeavesTheRecordWhenProcessingEnds"},
		{Journal, "records as they were before: sealed passwords, openings", machine, ByScrub, "", "two seconds after the write; before a receipt is issued", "TestErasedValuesLeaveNoBytesInAnyFile"},
		{TaskRecord, "times, sizes, counts, codes, settings, a digest of the tag of the data subject; after erasure a tombstone with times and the reason", both, BySweep, "", "30 days after erasure", "TestYear"},
		{PartRecord, "which part of a document a worker reads: ids, numbers and times; no content", both, BySweep, "", "when the part was read; minutes after its task ended or was deleted", "TestNoPartOutlivesItsTask"},
		{KeyRecord, "digests of a request's key and settings", both, BySweep, "", "24 hours after the request", "TestYear"},
		{CaseRecord, "who asked to view a document, and why", both, BySweep, "", "30 days after the case was closed", "TestClosedCaseIsForgotten"},
		{Opening, "nonce, and plain digest of the document, that tie a receipt to a task and a document", both, BySweep, "", "with the tombstone, 30 days after erasure", "TestYear"},
		{Message, "ids of a waiting task and the number of a part of its document, or of an event that is to be told and its time; no content", cloud, BySweep, "", "when it was handled; the queue drops it after 7 days on Azure, and on AWS when an unprocessed document must be gone", "TestMessagesHoldIdsAlone"},
		{Poison, "ids of an upload that the host gave up on; no content", cloud, BySweep, "", "when it was handled; the queue drops it after 7 days on Azure, and on AWS when an unprocessed document must be gone", "TestMessagesHoldIdsAlone"},
		{Memory, "the document and its text in a worker process", both, ByProcess, "", "two seconds after the worker's last page of it", "TestIdleChildLetsGoOfDocument"},
		{Server, "passwords, text and parts of documents in the memory of the program itself", both, ByProcess, "", "ten seconds after the receipt", "TestServerForgetsInMemoryToo"},
		{MemoryFile, "the document in a sealed memory file", cloud, ByProcess, "", "when the call that reads it ends", "TestLargestUploadGrowsNeitherHandlerNorHost"},
		{Staging, "a document or result that is being written", machine, ByStaging, "", "when the write ends or fails; at delete; at its deadline; at the next start after a crash, else within hours", "TestDeleteEndsATrickledUpload"},
		{Transfer, "a document or result in transfer between this program and a client", both, ByDomain, "", "at delete; at its deadline; when the application is revoked: before the receipt", "TestDeleteEndsASlowDownload"},
		{Reserve, "random bytes that reserve space for deletion; no content", machine, ByOperator, "", "never: deletion on a full disk needs it", "TestReserveIsWrittenAndHoldsNoPattern"},
		{AccessEntry, "who did what, when and why: ids of staff, applications and tasks; no content", both, BySweep, "", "400 days after the act", "TestAccessLogForgets"},
		{Application, "id, name, limits and digests of the secrets of an application, or the client that signs in for it; no content", both, ByOperator, "", "its secrets when they are rotated out or it is revoked; the rest never, so that logs name no unknown owner", "TestRevokedApplicationGetsNoSecret"},
		{Usage, "how many documents, bytes and pages an application, or a person inside one, had on a day", both, BySweep, "", "48 hours after the day's last entry; the number of open tasks stays with the application, that of a person goes 48 hours after their last task", "TestEveryTableSaysWhatBeingDueMeans"},
		{DailyUsage, "how many documents, pages and bytes of an application were processed on a day; no id of a task", both, BySweep, "", "400 days after the day", "TestCountsGoAfterFourHundredDays"},
		{Webhook, "an address at which an application is told of its tasks; no content", both, ByOperator, "", "when it is removed or its application revoked; 24 hours after it was registered, if it answers no challenge", "TestEndpointIsToldNothingBeforeItAnswersTheChallenge"},
		{Delivery, "that a task of an application was completed, failed or was deleted: ids, the state and times; no content. What was delivered is the application's to delete", both, BySweep, "", "7 days after the event; it is sent for 24 hours at most, and not beyond the deadline of its document", "TestDeliveryIsForgottenAWeekAfterItsEvent"},
		{Receipt, "task, nonce and plain digest of the document, made for its owner from task-record and receipt-opening; receipts and promises are confidential", both, ByOperator, "", "not made any more 30 days after erasure; copies that clients keep are theirs to delete", "TestAccessMatrix"},
		{ProgramLog, "events with ids of tasks, applications and staff, sizes, counts, times, codes; no content, no name of a file", both, ByOperator, "", "after the stamp's log retention, 30 days by default; on one machine as its operator rotates logs", "TestNothingThatAClientSendsReachesLogOrProblems"},
		{LedgerEntry, "times, codes, commitments; no ids, no content", both, ByOperator, storage.Ledger, "never: it is the proof", "TestEntriesTellNothingOfTheTask"},
		{Platform, "names of blobs (ids), addresses and times of callers in the platform's own logs", cloud, ByOperator, "", "after the stamp's log retention, 30 days by default", "TestEveryDeploymentKeepsTheRules"},
	}
}

// Containers lists the containers that the eraser walks, each once.
func Containers(items []Item) []string {
	var names []string
	for _, i := range items {
		if i.Means == ByEraser && !slices.Contains(names, i.Container) {
			names = append(names, i.Container)
		}
	}
	return names
}
