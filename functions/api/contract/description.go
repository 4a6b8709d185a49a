// Package contract calls an HTTP API as its OpenAPI document describes it, and in every way that the document forbids, and
// validates each answer against the document.
package contract

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// Description is an OpenAPI document whose operations can be called.
type Description struct {
	doc        *openapi3.T
	operations []Operation
	codes      map[string]bool // of problems, from the document's x-codes
}

// Operation is one operation of a description.
type Operation struct {
	ID     string
	Method string
	Path   string // with parameters in braces
	// Scopes lists the scopes that open the operation, each by itself. An operation with none is open to everybody.
	Scopes []string

	route *routers.Route
}

// Load reads a description and checks that it is valid itself.
func Load(ctx context.Context, document []byte) (*Description, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	if err := doc.Validate(ctx); err != nil {
		return nil, fmt.Errorf("the description breaks the rules of OpenAPI: %w", err)
	}
	d := &Description{doc: doc, codes: codes(doc)}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			d.operations = append(d.operations, Operation{
				ID: op.OperationID, Method: method, Path: path, Scopes: scopes(op),
				route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
			})
		}
	}
	if len(d.operations) == 0 {
		return nil, fmt.Errorf("the description has no operation")
	}
	slices.SortFunc(d.operations, func(a, b Operation) int { return strings.Compare(a.ID, b.ID) })
	return d, nil
}

// Operations lists all operations, by name.
func (d *Description) Operations() []Operation { return slices.Clone(d.operations) }

// scopes lists what an operation's security asks for, whatever the way to sign in.
func scopes(op *openapi3.Operation) []string {
	if op.Security == nil {
		return nil
	}
	var all []string
	for _, alternative := range *op.Security {
		for _, wanted := range alternative {
			for _, s := range wanted {
				if !slices.Contains(all, s) {
					all = append(all, s)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// codes reads the list of problem codes, which the document has as an extension.
func codes(doc *openapi3.T) map[string]bool {
	list, _ := doc.Extensions["x-codes"].([]any)
	all := map[string]bool{}
	for _, one := range list {
		if fields, ok := one.(map[string]any); ok {
			if code, ok := fields["code"].(string); ok {
				all[code] = true
			}
		}
	}
	return all
}

// Parameter is one value that a request of an operation can carry.
type Parameter struct {
	In   string // path, query, header or body
	Name string
	// Sample is a value that the description allows, as text.
	Sample string
}

// Parameters lists what can be sent to an operation: its parameters and the fields of its JSON body.
func (o Operation) Parameters() []Parameter {
	g := newGenerator(1)
	var all []Parameter
	for _, p := range o.route.Operation.Parameters {
		all = append(all, Parameter{p.Value.In, p.Value.Name, text(g.valid(schemaOf(p.Value.Schema), 0))})
	}
	body := o.body("application/json")
	if body == nil {
		return all
	}
	for _, name := range names(body.Properties) {
		all = append(all, Parameter{"body", name, text(g.valid(schemaOf(body.Properties[name]), 0))})
	}
	return all
}

// body is the schema of the body of a type, or nil.
func (o Operation) body(mediaType string) *openapi3.Schema {
	if o.route.Operation.RequestBody == nil {
		return nil
	}
	media := o.route.Operation.RequestBody.Value.Content[mediaType]
	if media == nil {
		return nil
	}
	return schemaOf(media.Schema)
}

// mediaTypes lists the types that a body may have, in a fixed order.
func (o Operation) mediaTypes() []string {
	if o.route.Operation.RequestBody == nil {
		return nil
	}
	return names(o.route.Operation.RequestBody.Value.Content)
}

func schemaOf(ref *openapi3.SchemaRef) *openapi3.Schema {
	if ref == nil || ref.Value == nil {
		return &openapi3.Schema{}
	}
	return ref.Value
}
