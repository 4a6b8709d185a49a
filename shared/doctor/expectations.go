package doctor

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// Check names an expectation. Names are stable: alerts and scripts may rely on them.
type Check string

// The checks.
const (
	BlobSoftDelete      Check = "blob-soft-delete"
	ContainerSoftDelete Check = "container-soft-delete"
	Versioning          Check = "versioning"
	ChangeFeed          Check = "change-feed"
	Restore             Check = "point-in-time-restore"
	Immutability        Check = "immutability"
	Replication         Check = "replication"
	CrossTenant         Check = "cross-tenant-copies"
	Region              Check = "region"
	SharedKey           Check = "shared-key"
	Transport           Check = "transport"
	PublicAccess        Check = "public-access"
	PrivateContainers   Check = "private-containers"
	AccountTables       Check = "account-tables"
	AccountQueues       Check = "account-queues"
	StaticWebsite       Check = "static-website"
	ClassicLogs         Check = "classic-logs"
	Lifecycle           Check = "lifecycle"
	Rights              Check = "rights"
	ClockSkew           Check = "clock-skew"
	CORS                Check = "cors"
	SignIn              Check = "page-sign-in"

	FolderModes Check = "folder-modes"
	FolderPlace Check = "folder-place"
	FolderSpace Check = "folder-space"
	Database    Check = "database"
	WallClock   Check = "wall-clock"
	LinkAddress Check = "link-address"

	CoreDumps Check = "core-dumps"
	Swap      Check = "swap"
	Sandbox   Check = "sandbox"
	Telemetry Check = "telemetry"
)

// SandboxRemedy is what to do where worker processes cannot be confined.
const SandboxRemedy = "run on Linux 5.13 or newer, where the program may load seccomp filters: a container's own profile must allow seccomp, prctl " +
	"and landlock_*; who accepts the risk sets LETHE_SANDBOX=best-effort"

// Subject is a thing that expectations are about.
type Subject string

// The subjects.
const (
	OfAccount Subject = "storage account" // the documents account of a stamp on Azure
	OfAWS     Subject = "stamp on AWS"    // bucket, tables, queues, functions and roles of a stamp on AWS
	OfFolder  Subject = "data folder"     // the embedded storage of one machine
	OfProcess Subject = "process"         // the program and its worker processes, wherever they run
)

// Place is where an expectation can be checked.
type Place string

// The places.
const (
	DataPlane       Place = "data plane"       // what the program's own rights on storage show
	ResourceManager Place = "resource manager" // what the role Reader shows
	AWSAPI          Place = "aws api"          // what the table of rights lets retention see, or more
	Machine         Place = "machine"          // files, kernel and own process
)

// Expectation is one thing that must hold.
type Expectation struct {
	Check   Check
	Subject Subject
	What    string  // must hold
	Why     string  // what goes wrong otherwise
	Remedy  string  // cures a breach
	Ask     string  // the command that shows what could not be checked
	Places  []Place // where it can be checked
}

// Seen reports whether the expectation can be checked there.
func (e Expectation) Seen(from Place) bool {
	for _, p := range e.Places {
		if p == from {
			return true
		}
	}
	return false
}

// What is expected for the page, on every cloud.
const (
	corsWhat   = "scripts of the page's origin alone may use links of the storage, and of none where there is no page"
	corsWhy    = "scripts of another site could send documents and fetch results through links, or those of the page could not"
	signInWhat = "where people sign in at the page by an issuer, settings name its client and their application"
	signInWhy  = "nobody could sign in, and with wrong settings no document is taken in"
)

const redeploy = "deploy the stamp again with its own parameters"

// Expectations is the one list of what a stamp expects of its machine or account.
func Expectations() []Expectation {
	return slices.Concat(ofAccount(), ofAWS(), ofMachine())
}

func ofAccount() []Expectation {
	both, manager := []Place{DataPlane, ResourceManager}, []Place{ResourceManager}
	account := func(query string) string {
		return "az storage account show --name ACCOUNT --query " + query
	}
	service := func(query string) string {
		return "az storage account blob-service-properties show --account-name ACCOUNT --query " + query
	}
	change := func(flags string) string {
		return "az storage account blob-service-properties update --account-name ACCOUNT " + flags
	}
	set := func(flags string) string { return "az storage account update --name ACCOUNT " + flags }
	return []Expectation{
		{
			Check: BlobSoftDelete, Subject: OfAccount, What: "soft delete of blobs is off", Why: "deleted and replaced documents stay readable for days",
			Remedy: change("--enable-delete-retention false") + "; what it holds already stays until its own days are over",
			Ask:    service("deleteRetentionPolicy"), Places: both,
		},
		{
			Check: ContainerSoftDelete, Subject: OfAccount, What: "soft delete of containers is off", Why: "a deleted container stays restorable with all in it",
			Remedy: change("--enable-container-delete-retention false"),
			Ask:    service("containerDeleteRetentionPolicy"), Places: manager,
		},
		{
			Check: Versioning, Subject: OfAccount, What: "versioning is off", Why: "a delete turns the document into a previous version",
			Remedy: change("--enable-versioning false") + "; then delete the versions that exist",
			Ask:    service("isVersioningEnabled"), Places: both,
		},
		{
			Check: ChangeFeed, Subject: OfAccount, What: "the change feed is off", Why: "it keeps names and times of blobs beyond their erasure",
			Remedy: change("--enable-change-feed false") + "; then delete the container $blobchangefeed",
			Ask:    service("changeFeed"), Places: both,
		},
		{
			Check: Restore, Subject: OfAccount, What: "point-in-time restore is off", Why: "it brings erased documents back",
			Remedy: change("--enable-restore-policy false"),
			Ask:    service("restorePolicy"), Places: manager,
		},
		{
			Check: Immutability, Subject: OfAccount, What: "nothing forbids deletion: no immutability policy, no legal hold", Why: "erasing would fail",
			Remedy: "remove the policy or the hold; an account with version-level immutability must be recreated",
			Ask:    "az storage container-rm list --storage-account ACCOUNT --query \"[].[name,hasImmutabilityPolicy,hasLegalHold]\"", Places: both,
		},
		{
			Check: Replication, Subject: OfAccount, What: "all copies are in one region: Standard_LRS or Standard_ZRS", Why: "documents would be copied to the paired region",
			Remedy: set("--sku Standard_ZRS") + " (Standard_LRS where there are no zones)",
			Ask:    account("sku.name"), Places: both,
		},
		{
			Check: CrossTenant, Subject: OfAccount, What: "replication to other tenants is not allowed", Why: "a rule could copy documents to somebody else",
			Remedy: set("--allow-cross-tenant-replication false"),
			Ask:    account("allowCrossTenantReplication"), Places: manager,
		},
		{
			Check: Region, Subject: OfAccount, What: "settings, platform, containers and account name one region", Why: "documents would be processed or kept elsewhere than promised",
			Remedy: redeploy,
			Ask:    account("primaryLocation"), Places: both,
		},
		{
			Check: SharedKey, Subject: OfAccount, What: "account keys open nothing", Why: "whoever has a key can read everything without leaving a name",
			Remedy: set("--allow-shared-key-access false"),
			Ask:    account("allowSharedKeyAccess"), Places: manager,
		},
		{
			Check: Transport, Subject: OfAccount, What: "only HTTPS with TLS 1.2 or newer is accepted", Why: "documents and links could be read in transit",
			Remedy: set("--https-only true --min-tls-version TLS1_2"),
			Ask:    account("\"[enableHttpsTrafficOnly,minimumTlsVersion]\""), Places: manager,
		},
		{
			Check: PublicAccess, Subject: OfAccount, What: "the account allows no public container", Why: "one changed container would open documents to everybody",
			Remedy: set("--allow-blob-public-access false"),
			Ask:    account("allowBlobPublicAccess"), Places: manager,
		},
		{
			Check: PrivateContainers, Subject: OfAccount, What: "every container is private", Why: "anyone who learns a name could read the document",
			Remedy: "az storage container-rm update --storage-account ACCOUNT --public-access off --name CONTAINER",
			Ask:    "az storage container-rm list --storage-account ACCOUNT --query \"[].[name,publicAccess]\"", Places: both,
		},
		{
			Check: AccountTables, Subject: OfAccount, What: "every table of the program is there", Why: "records could not be written: no document would be taken in, or no event told",
			Remedy: redeploy,
			Ask:    "az storage table list --account-name ACCOUNT --auth-mode login --query [].name", Places: []Place{DataPlane},
		},
		{
			Check: AccountQueues, Subject: OfAccount, What: "every queue of the program is there, and that of webhooks where they are on", Why: "work and events that wait in it would come a sweep late, or not at all",
			Remedy: redeploy,
			Ask:    "az storage queue list --account-name ACCOUNT --auth-mode login --query [].name", Places: []Place{DataPlane},
		},
		{
			Check: StaticWebsite, Subject: OfAccount, What: "the account serves no website", Why: "it would publish what is put into its container",
			Remedy: "az storage blob service-properties update --account-name ACCOUNT --auth-mode login --static-website false",
			Ask:    "az storage blob service-properties show --account-name ACCOUNT --auth-mode login --query staticWebsite", Places: []Place{DataPlane},
		},
		{
			Check: ClassicLogs, Subject: OfAccount, What: "classic logging of the blob service is off", Why: "its container keeps names of blobs and addresses of callers beside the documents, outside every retention",
			Remedy: "az storage logging off --account-name ACCOUNT --services b; then delete the container $logs",
			Ask:    "az storage logging show --account-name ACCOUNT --services b", Places: []Place{DataPlane},
		},
		{
			Check: Lifecycle, Subject: OfAccount, What: "a lifecycle rule for each container of documents, with the deadlines rounded up to days, and none for the ledger",
			Why: "with the program down, documents would be kept for days; a rule too early would delete them before their time", Remedy: redeploy,
			Ask: "az storage account management-policy show --account-name ACCOUNT --resource-group GROUP", Places: manager,
		},
		{
			Check: Rights, Subject: OfAccount, What: "the app's identity has the roles of the role table and no wider scope, and no person has a data role on documents",
			Why: "whoever has more can read documents", Remedy: "remove the grant named: az role assignment delete; then " + redeploy,
			Ask: "az role assignment list --scope ACCOUNT_ID --include-inherited", Places: manager,
		},
		{
			Check: ClockSkew, Subject: OfAccount, What: "storage and program agree on the time within a minute", Why: "documents would be deleted early or late",
			Remedy: "synchronise the clock of the machine the program runs on",
			Ask:    "compare `date -u` with the Date header of any answer of the account", Places: []Place{DataPlane},
		},
		{
			Check: CORS, Subject: OfAccount, What: corsWhat, Why: corsWhy,
			Remedy: redeploy + ", pageOrigin being the address at which people open the page, or empty for none; where that is a name of your own, LETHE_PUBLIC_URL in the parameter settings says so",
			Ask:    service("cors.corsRules") + "; compare it with the settings LETHE_PAGE and LETHE_PUBLIC_URL of the app", Places: both,
		},
		{
			Check: SignIn, Subject: OfAccount, What: signInWhat, Why: signInWhy,
			Remedy: redeploy + ", LETHE_OIDC_CLIENT_ID and LETHE_PAGE_APP in the parameter settings: both or neither (lethe app list shows the ids of applications)",
			Ask:    "az functionapp config appsettings list --name APP --resource-group GROUP", Places: both,
		},
	}
}

func ofMachine() []Expectation {
	here := []Place{Machine}
	return []Expectation{
		{
			Check: FolderModes, Subject: OfFolder, What: "the data folder and all in it is closed to other users, and holds nothing but folders and files",
			Why: "other users of the machine could read documents", Remedy: "chmod -R u=rwX,go= FOLDER; remove what is neither folder nor file",
			Ask: "find FOLDER -perm /077", Places: here,
		},
		{
			Check: FolderPlace, Subject: OfFolder, What: "the data folder is on a local disk that nothing copies",
			Why: "network file systems, synchronisation and snapshots keep copies that deletion does not reach", Remedy: "move the folder to a plain file system of this machine",
			Ask: "findmnt --target FOLDER; look for snapshots and back-ups of that file system", Places: here,
		},
		{
			Check: FolderSpace, Subject: OfFolder, What: "the disk of the data folder has free space, and a reserve that only deletion may use",
			Why: "deletion writes a tombstone and a receipt: on a full disk it would have to wait", Remedy: "free space on that disk, or lower LETHE_FREE_FLOOR_MIB and LETHE_FREE_FLOOR_PERCENT; a running server refills the reserve by itself",
			Ask: "df FOLDER; ls -l FOLDER/reserve", Places: here,
		},
		{
			Check: Database, Subject: OfFolder, What: "the database overwrites what it deletes (secure_delete) and keeps a write-ahead log",
			Why: "erased records would stay in free pages", Remedy: "open the folder with this program only; restart it; what is said of a damaged or locked database names its own remedy",
			Ask: "start the program once with this folder", Places: here,
		},
		{
			Check: WallClock, Subject: OfFolder, What: "the wall clock agrees with the time that has gone by within five minutes",
			Why: "links would end early or late, and intake is closed", Remedy: "set the wall clock right, or run `lethe clock accept` if it is right now",
			Ask: "lethe clock", Places: here,
		},
		{
			Check: LinkAddress, Subject: OfFolder, What: "links begin with an https address, or stay on this machine",
			Why: "documents and results would cross a network in the clear", Remedy: "set LETHE_PUBLIC_URL (--public-url) to the https address under which clients reach the server, and restart it",
			Ask: "curl SERVER/readyz", Places: here,
		},
		{
			Check: CoreDumps, Subject: OfProcess, What: "the program leaves no core dump and its memory is closed to others",
			Why: "a crash would write text and secrets to disk", Remedy: "let the program run where it may lower its own limits: no debugger, no restriction on prctl and setrlimit",
			Ask: "grep core /proc/PID/limits", Places: here,
		},
		{
			Check: Swap, Subject: OfProcess, What: "memory is not written to disk, or only encrypted",
			Why: "pages of text would survive on the swap device", Remedy: "swapoff -a, or swap on an encrypted device with a key that no restart survives",
			Ask: "make sure the swap device is encrypted with a random key, or run swapoff -a", Places: here,
		},
		{
			Check: Sandbox, Subject: OfProcess,
			What: "worker processes cannot " + effect.Sentence(),
			Why:  "a document that compromises a worker could reach other documents", Remedy: SandboxRemedy,
			Ask: "mend what keeps a worker from starting, as found above; a running server has its own answer: curl SERVER/readyz, the check sandbox", Places: here,
		},
		{
			Check: Telemetry, Subject: OfProcess, What: "traces and metrics stay in the region",
			Why: "they hold nothing of a document, and still tell when it was read and for how long", Remedy: "set OTEL_EXPORTER_OTLP_ENDPOINT to a receiver in the region, or beside the server, and restart it",
			Ask: "find out where the receivers are that the server's OTEL_EXPORTER_OTLP_ variables name", Places: here,
		},
	}
}
