// Package abbyy is the interface of the ABBYY Cloud OCR SDK as its clients see it: version 1, which answers in XML, and version 2,
// which answers in JSON. It has one registry of methods, parameters, values, languages and formats, from which requests are read,
// the page compatibility.md is written, and refusals are worded. It reads and writes bytes and knows nothing of HTTP servers and
// storage.
package abbyy

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Version is a version of the interface. They share tasks, applications and credentials.
type Version int

// The versions.
const (
	V1 Version = 1 // answers in XML, at /<method>
	V2 Version = 2 // answers in JSON, at /v2/<method>
)

// Right is what an application must be allowed for a method. The names are those of its scopes.
type Right string

// The rights.
const (
	Submit Right = "submit"
	Read   Right = "read"
	Delete Right = "delete"
)

// Content is what the body of a request holds.
type Content int

// The contents.
const (
	Nothing  Content = iota // the body is left out of account
	Picture                 // a document
	Settings                // what to read where, in XML
)

// MaxFile is the largest file in bytes, as ABBYY documents it. A place may take no more than a smaller one.
const MaxFile = 30 << 20

// Method is one operation.
type Method struct {
	Name    string // as documented
	Version Version
	Verbs   []string // that it is served for, the documented one first
	Right   Right
	Body    Content
	First   Status // that its answer tells, however far the task is; empty for the task's own
	does    string
}

// The names of methods.
const (
	ProcessImage          = "processImage"
	SubmitImage           = "submitImage"
	ProcessDocument       = "processDocument"
	ProcessTextField      = "processTextField"
	ProcessBarcodeField   = "processBarcodeField"
	ProcessCheckmarkField = "processCheckmarkField"
	ProcessFields         = "processFields"
	ProcessMRZ            = "processMRZ"
	ProcessBusinessCard   = "processBusinessCard"
	GetTaskStatus         = "getTaskStatus"
	ListTasks             = "listTasks"
	ListFinishedTasks     = "listFinishedTasks"
	DeleteTask            = "deleteTask"
	GetApplicationInfo    = "getApplicationInfo"
)

// methods lists the methods of version 1. Where no document is sent, either verb is served, as clients use both.
func methods() []Method {
	post, get := []string{http.MethodPost}, []string{http.MethodGet, http.MethodPost}
	return []Method{
		{ProcessImage, V1, post, Submit, Picture, Queued, "reads a document of one file"},
		{SubmitImage, V1, post, Submit, Picture, Submitted, "adds a file to a task, or makes a task of it that waits for others"},
		{ProcessDocument, V1, get, Submit, Nothing, Queued, "reads the files of a task as the pages of one document, in order of submission"},
		{ProcessBusinessCard, V1, post, Submit, Picture, Queued, "reads a business card"},
		{ProcessTextField, V1, post, Submit, Picture, Queued, "reads one field of text"},
		{ProcessBarcodeField, V1, post, Submit, Picture, Queued, "reads one field with a bar code"},
		{ProcessCheckmarkField, V1, post, Submit, Picture, Queued, "reads one check mark"},
		{ProcessFields, V1, post, Submit, Settings, Queued, "reads the fields of a form that a task holds"},
		{ProcessMRZ, V1, post, Submit, Picture, Queued, "reads the machine-readable zone of a travel document"},
		{GetTaskStatus, V1, get, Read, Nothing, "", "tells a task"},
		{ListTasks, V1, get, Read, Nothing, "", "lists tasks, the one with the oldest action first"},
		{ListFinishedTasks, V1, get, Read, Nothing, "", "lists finished tasks, the one that ended first first"},
		{DeleteTask, V1, get, Delete, Nothing, Deleted, "erases a task with all copies, whatever its status is"},
		{GetApplicationInfo, V1, get, Read, Nothing, "", "tells the application; off unless the application was made with it"},
	}
}

// Methods lists the methods of a version.
func (v Version) Methods() []Method {
	all := methods()
	for i := range all {
		all[i].Version = v
		if v == V2 && (all[i].Name == ProcessDocument || all[i].Name == DeleteTask) {
			all[i].Verbs = []string{http.MethodPost, http.MethodGet}
		}
	}
	return all
}

// Withdrawn lists methods that ABBYY had and that are answered as those are that there never were.
func Withdrawn() []string {
	return []string{"processReceipt", "processPhotoId", "processRemoteImage", "activateNewInstallation"}
}

// Find returns the method of a name, which may be in any case. An unknown one is a fault of the code ThingNotFound, and so are
// those that were withdrawn.
func (v Version) Find(name string) (Method, error) {
	all := v.Methods()
	i := slices.IndexFunc(all, func(m Method) bool { return strings.EqualFold(m.Name, name) })
	if i < 0 {
		return Method{}, fault.New(fault.ThingNotFound, "There is no such method. The methods are: %s.", strings.Join(methodNames(), ", "))
	}
	return all[i], nil
}

// Allow refuses a verb that the method is not served for.
func (m Method) Allow(verb string) error {
	if slices.Contains(m.Verbs, verb) {
		return nil
	}
	return fault.New(fault.MethodNotAllowed, "%s is called by %s.", m.Name, strings.Join(m.Verbs, " or "))
}

func methodNames() []string {
	var names []string
	for _, m := range methods() {
		names = append(names, m.Name)
	}
	return names
}
