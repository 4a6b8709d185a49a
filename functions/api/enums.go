package api

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// enum is a type of the description whose values the domain lists.
type enum struct {
	name    string
	of      reflect.Type // that has these values wherever it occurs; string if it has none of its own
	alias   reflect.Type
	meaning string
	values  []any
	setting string // that has these values
	// judged says that the domain refuses other values, with a code and in words of its own, rather than the framework.
	judged bool
}

// enums lists them all.
func enums() []enum {
	return []enum{
		typed("TaskState", "Where a task stands. Completed, ProcessingFailed and Deleted are final for processing; nothing follows Deleted.", task.States()),
		typed("ResultFormat", "A format of results.", render.Formats()).ofSetting("formats"),
		typed("Scope", "A right that credentials carry.", access.Scopes()).judgedByDomain(),
		typed("ErrorCode", "Names one cause. A code is never renamed or reused. x-codes explains each.", fault.Codes()),
		typed("NoteCode", "Names something that there is to know of results.", ocr.NoteCodes()),
		typed("ErasureReason", "Why a task was erased.", retention.TaskReasons()),
		typed("UploadRule", "Until when a document as it was sent is kept.", task.UploadRules()),
		typed("CaseState", "Waiting for a second person, Open, or over: Lapsed, Expired, Closed.", review.States()),
		typed("Act", "What somebody did.", accesslog.Acts()),
		typed("WebhookEvent", "What a webhook is told.", webhook.Types()),
		typed("WebhookState", "Whether a webhook is told of events: only while it is active.", webhook.EndpointStates()),
		typed("DeliveryOutcome", "How an attempt or a delivery ended.", webhook.Outcomes()),
		typed("Profile", "Trades time for accuracy.", ocr.Profiles()).ofSetting("profile"),
		typed("OnPageError", "What a page that cannot be read does to its document.", task.OnPageErrors()).ofSetting("on_page_error"),
		typed("SignaturePolicy", "What becomes of a digitally signed document as a searchable PDF.", ocr.SignaturePolicies()).ofSetting("signature"),
	}
}

func typed[T ~string](name, meaning string, values []T) enum {
	e := enum{name: name, of: reflect.TypeFor[T](), alias: reflect.TypeFor[enumerated[T]](), meaning: meaning}
	for _, v := range values {
		e.values = append(e.values, string(v))
	}
	return e
}

func (e enum) ofSetting(name string) enum {
	e.setting = name
	return e.judgedByDomain()
}

func (e enum) judgedByDomain() enum {
	e.judged = true
	return e
}

// enumKey marks the schema of an enum until the description is published.
const enumKey = "x-enum"

// schema is what requests are held against.
func (e enum) schema() *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Extensions: map[string]any{enumKey: e.name}}
	if !e.judged {
		s.Enum = e.values
	}
	return s
}

// component is the type as clients see it.
func (e enum) component() *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: e.meaning, Enum: e.values, Examples: []any{e.values[0]}}
}

// enumerated stands in for a type of the domain, which knows nothing of descriptions.
type enumerated[T ~string] struct{}

// Schema implements huma.SchemaProvider.
func (enumerated[T]) Schema(huma.Registry) *huma.Schema {
	for _, e := range enums() {
		if e.of == reflect.TypeFor[T]() {
			return e.schema()
		}
	}
	panic(fmt.Sprintf("%v is no enum", reflect.TypeFor[T]())) // only what is listed has this type
}

// newSchemas returns the registry in which the routes describe their types.
func newSchemas() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", schemaName)
	for _, e := range enums() {
		if e.of != reflect.TypeFor[string]() {
			r.RegisterTypeAlias(e.of, e.alias)
		}
	}
	return r
}

// schemaName names a type for clients: a view of a task is a Task there.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for _, inner := range []string{"View", "InputBody", "OutputBody"} {
		if short, ok := strings.CutSuffix(name, inner); ok {
			return short + map[string]string{"InputBody": "Request", "OutputBody": "Answer"}[inner]
		}
	}
	return name
}

// enumerateSettings marks the settings that have listed values: their type is text, as queries and headers carry them.
func enumerateSettings(schemas huma.Registry) {
	for _, s := range schemas.Map() {
		if s.Properties["on_page_error"] == nil {
			continue
		}
		for _, e := range enums() {
			field := s.Properties[e.setting]
			if field == nil {
				continue
			}
			if field.Type == huma.TypeArray {
				field = field.Items
			}
			field.Extensions = map[string]any{enumKey: e.name}
		}
	}
}
