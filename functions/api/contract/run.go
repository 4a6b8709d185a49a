package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Credential is a way to sign in.
type Credential struct {
	Authorization string // value of the header; empty for none
	Scopes        []string
}

// opens reports whether a credential opens an operation.
func (c Credential) opens(o Operation) bool {
	return len(o.Scopes) == 0 || slices.ContainsFunc(o.Scopes, func(s string) bool { return slices.Contains(c.Scopes, s) })
}

// Run is a fuzz test of all operations of a description.
type Run struct {
	Description *Description
	Server      string // address without a path
	Send        func(*http.Request) (*http.Response, error)
	// Full opens every operation and is used for most requests; each of the others takes a few.
	Full   Credential
	Others []Credential
	// Known returns a value that exists at the server for a place such as /v1/tasks/{id} or openCase.task, or nothing. What
	// answers tell of is learned besides.
	Known    func(place string) string
	Seed     uint64
	Requests int // for each operation
}

// Result is what a run saw.
type Result struct {
	Requests   int
	Statuses   map[string]map[int]int // answers by operation and status
	Violations []Violation            // one of each kind
}

// Succeeded lists the operations that were answered with a success at least once.
func (r *Result) Succeeded() []string {
	var ids []string
	for id, statuses := range r.Statuses {
		for status := range statuses {
			if status < 400 {
				ids = append(ids, id)
				break
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// largest bounds what is read of an answer, in bytes.
const largest = 8 << 20

// Do sends the requests. It fails if the server cannot be reached or ctx ends.
func (r Run) Do(ctx context.Context) (*Result, error) {
	s := &session{Run: r, gen: newGenerator(r.Seed), learned: map[string][]string{}, seen: map[string]bool{}}
	s.result.Statuses = map[string]map[int]int{}
	for range r.Requests {
		for _, o := range r.Description.operations {
			if err := s.one(ctx, o); err != nil {
				return &s.result, fmt.Errorf("%s: %w", o.ID, err)
			}
		}
	}
	return &s.result, nil
}

// session is a run under way.
type session struct {
	Run
	gen     *generator
	result  Result
	learned map[string][]string // values that answers told of, by place
	seen    map[string]bool     // violations that were reported already
}

func (s *session) known(place string) string {
	if learned := s.learned[place]; len(learned) > 0 && s.gen.chance(50) {
		return pick(s.gen, learned)
	}
	if s.Known == nil {
		return ""
	}
	return s.Known(place)
}

// one sends one request and judges its answer.
func (s *session) one(ctx context.Context, o Operation) error {
	r := s.gen.generate(o, s.known)
	who := s.Full
	if len(s.Others) > 0 && s.gen.chance(20) {
		who = pick(s.gen, s.Others)
	}
	if who.Authorization != "" {
		r.Header.Set("Authorization", who.Authorization)
	}
	req, err := r.HTTP(ctx, s.Server)
	if err != nil {
		return nil // no client can send it
	}
	a, err := Send(s.Send, req)
	if err != nil {
		return err
	}
	s.result.Requests++
	if s.result.Statuses[o.ID] == nil {
		s.result.Statuses[o.ID] = map[int]int{}
	}
	s.result.Statuses[o.ID][a.Status]++
	violations := s.Description.checkAnswer(ctx, r, a)
	if v := s.admission(r, who, a); v != nil {
		violations = append(violations, *v)
	}
	if a.Status < 300 {
		if why := s.Description.forbidden(ctx, r); why != nil {
			violations = append(violations, Violation{o.ID, "lax", fmt.Sprintf("status %d although the description forbids the request: %v", a.Status, why)})
		}
		s.learn(o, a)
	}
	for _, v := range violations {
		if key := v.Operation + v.Rule + v.Detail[:min(len(v.Detail), 60)]; !s.seen[key] {
			s.seen[key] = true
			s.result.Violations = append(s.result.Violations, v)
		}
	}
	return nil
}

// Send sends a request and reads the answer, up to a size that no good one has.
func Send(send func(*http.Request) (*http.Response, error), req *http.Request) (Answer, error) {
	resp, err := send(req)
	if err != nil {
		return Answer{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	return Answer{resp.StatusCode, resp.Header, body, resp.TLS != nil}, errors.Join(err, resp.Body.Close())
}

// admission checks that an operation is shut to those whom the description does not name.
func (s *session) admission(r *Request, who Credential, a Answer) *Violation {
	if who.opens(r.Operation) {
		return nil
	}
	want := http.StatusForbidden
	if len(who.Scopes) == 0 {
		want = http.StatusUnauthorized
	}
	if a.Status == want || a.Status == http.StatusTooManyRequests || a.Status == http.StatusNotFound && !r.plain() {
		return nil
	}
	return &Violation{r.Operation.ID, "open", fmt.Sprintf("status %d for a caller with the scopes %v, want %d", a.Status, who.Scopes, want)}
}

// learn keeps the ids of things that were made, so that later requests are about them.
func (s *session) learn(o Operation, a Answer) {
	if o.Method != http.MethodPost || strings.Contains(o.Path, "{") {
		return
	}
	var made struct{ ID string }
	if json.Unmarshal(a.Body, &made) != nil || made.ID == "" {
		return
	}
	at := o.Path + "/{id}"
	if s.learned[at] = append(s.learned[at], made.ID); len(s.learned[at]) > 50 {
		s.learned[at] = s.learned[at][1:]
	}
}
