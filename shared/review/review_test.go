package review_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestTwoPersonsReadADocumentAndEachStepIsRecorded(t *testing.T) {
	w := newWorld(t)
	jane, john := w.reviewer("jane"), w.reviewer("john")
	c := w.opened()
	is(t, "read before approval", w.Read(t.Context(), jane, c.ID, review.Derivative, nowhere), fault.CaseNotOpen)
	w.now = w.now.Add(time.Minute)
	if _, err := w.Approve(t.Context(), john, c.ID); err != nil {
		t.Fatal(err)
	}
	for i, who := range []*access.Identity{jane, john} {
		for _, kind := range []review.Kind{review.Derivative, review.Original} {
			w.now = w.now.Add(time.Minute)
			got, err := w.read(who, c.ID, kind)
			if want := fmt.Sprintf("%s of %s", kind, w.ref); err != nil || got != want {
				t.Errorf("person %d: %q, %v", i, got, err)
			}
		}
	}
	w.now = w.now.Add(time.Minute)
	if _, err := w.Close(t.Context(), jane, c.ID); err != nil {
		t.Fatal(err)
	}
	is(t, "read after closing", w.Read(t.Context(), jane, c.ID, review.Derivative, nowhere), fault.CaseNotOpen)
	want := []string{
		"case.opened by subject-jane", "case.approved by subject-john", "case.read by subject-jane", "case.original by subject-jane",
		"case.read by subject-john", "case.original by subject-john", "case.closed by subject-jane",
	}
	if got := w.acts(); !slices.Equal(got, want) {
		t.Errorf("the access log says\n%v, want\n%v", got, want)
	}
	for _, name := range []string{"case.opened", "case.approved", "case.closed"} {
		if strings.Count(w.events.String(), name) != 1 {
			t.Errorf("event %s is missing in %s", name, &w.events)
		}
	}
	if strings.Contains(w.events.String(), reason) {
		t.Error("an event holds the reason")
	}
}

func TestOwnerReadsTheReasonInTheAccessLog(t *testing.T) {
	w := newWorld(t)
	c := w.opened()
	page, _, err := w.log.List(t.Context(), accesslog.Query{Application: w.ref.Application, Limit: 10})
	if err != nil || len(page) != 1 || page[0].Why != reason || page[0].Case != c.ID || page[0].Task != w.ref.ID {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestNobodyApprovesTheirOwnCase(t *testing.T) {
	w := newWorld(t)
	c := w.opened()
	_, err := w.Approve(t.Context(), w.reviewer("jane"), c.ID)
	is(t, "the same token", err, fault.SecondPersonNeeded)
	// A new token of another client names the same subject.
	again := w.reviewer("jane")
	again.ID = "app-of-another-client"
	_, err = w.Approve(t.Context(), again, c.ID)
	is(t, "the same person in another client", err, fault.SecondPersonNeeded)
	// A secret does not tell who uses it: it may be Jane.
	_, err = w.Approve(t.Context(), w.holder(), c.ID)
	is(t, "a secret after a token", err, fault.SecondPersonNeeded)
	if _, err := w.read(w.reviewer("jane"), c.ID, review.Derivative); err == nil || len(w.given) != 0 {
		t.Errorf("the document was read: %v", err)
	}
}

func TestCaseOfASecretTakesAnotherSecret(t *testing.T) {
	w := newWorld(t)
	one, two := w.holder(), w.holder()
	c, err := w.Open(t.Context(), one, w.ref, reason, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Approve(t.Context(), one, c.ID)
	is(t, "the same secret", err, fault.SecondPersonNeeded)
	_, err = w.Approve(t.Context(), w.reviewer("john"), c.ID)
	is(t, "a token after a secret", err, fault.SecondPersonNeeded)
	if _, err := w.Approve(t.Context(), two, c.ID); err != nil {
		t.Error(err)
	}
}

func TestWhoIsNotKnownTakesNoPart(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	waiting := w.opened()
	unknown := w.reviewer("jane")
	unknown.Subject = ""
	for name, who := range map[string]*access.Identity{
		"nobody": access.Nobody(), "nil": nil, "no subject": unknown, "an auditor": w.person("jane", access.Auditor), "an operator": w.person("john", access.Operator),
	} {
		_, err := w.Open(t.Context(), who, w.ref, reason, 0)
		is(t, name+" opens", err, fault.Forbidden)
		_, err = w.Approve(t.Context(), who, waiting.ID)
		is(t, name+" approves", err, fault.Forbidden)
		_, err = w.Close(t.Context(), who, waiting.ID)
		is(t, name+" closes", err, fault.Forbidden)
		_, err = w.Service.Get(t.Context(), who, c.ID)
		is(t, name+" looks", err, fault.Forbidden)
		_, err = w.List(t.Context(), who, "", 10)
		is(t, name+" lists", err, fault.Forbidden)
		is(t, name+" reads", w.Read(t.Context(), who, c.ID, review.Original, nowhere), fault.Forbidden)
	}
	if len(w.given) != 0 {
		t.Errorf("given: %v", w.given)
	}
}

func TestThirdReviewerDoesNotRead(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	is(t, "a third person", w.Read(t.Context(), w.reviewer("jill"), c.ID, review.Derivative, nowhere), fault.CaseNotOpen)
	if len(w.given) != 0 || len(w.acts()) != 2 {
		t.Errorf("given %v, acts %v", w.given, w.acts())
	}
}

func TestTimeClosesTheBox(t *testing.T) {
	for _, box := range []time.Duration{0, time.Hour, 8 * time.Hour} {
		w := newWorld(t)
		jane := w.reviewer("jane")
		c, err := w.Open(t.Context(), jane, w.ref, reason, box)
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(23 * time.Hour) // the time of the box begins with the approval
		if c, err = w.Approve(t.Context(), w.reviewer("john"), c.ID); err != nil {
			t.Fatal(err)
		}
		open := max(box, time.Hour)
		w.now = w.now.Add(open - time.Second)
		if _, err := w.read(jane, c.ID, review.Original); err != nil {
			t.Errorf("box of %v, a second before its end: %v", box, err)
		}
		w.now = w.now.Add(time.Second)
		_, err = w.read(jane, c.ID, review.Original)
		is(t, "at the end", err, fault.CaseNotOpen)
		_, err = w.Approve(t.Context(), w.reviewer("jill"), c.ID)
		is(t, "approved once more", err, fault.WrongState)
		if got, err := w.Service.Get(t.Context(), jane, c.ID); err != nil || got.State(w.now) != review.Expired {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestClockThatWasSetBackOpensNothing(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	w.now = w.now.Add(-time.Minute)
	_, err := w.read(w.reviewer("jane"), c.ID, review.Original)
	is(t, "before the approval", err, fault.CaseNotOpen)
}

func TestUnapprovedCaseLapsesAfterADay(t *testing.T) {
	w := newWorld(t)
	c := w.opened()
	w.now = w.now.Add(24 * time.Hour)
	_, err := w.Approve(t.Context(), w.reviewer("john"), c.ID)
	is(t, "approved a day later", err, fault.WrongState)
	if got, err := w.Service.Get(t.Context(), w.reviewer("jane"), c.ID); err != nil || got.State(w.now) != review.Lapsed {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadUnderWayEndsWithTheBox(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	w.now = w.now.Add(59 * time.Minute)
	w.during = func(ctx context.Context) {
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > time.Minute {
			t.Errorf("a transfer may last until %v, %t", end, ok)
		}
	}
	if _, err := w.read(w.reviewer("jane"), c.ID, review.Original); err != nil {
		t.Fatal(err)
	}
}

func TestErasedDocumentIsGoneWhateverTheCase(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	w.erased = true
	for _, kind := range []review.Kind{review.Derivative, review.Original} {
		_, err := w.read(w.reviewer("jane"), c.ID, kind)
		is(t, string(kind), err, fault.Gone)
	}
	_, err := w.Open(t.Context(), w.reviewer("jane"), w.ref, reason, 0)
	is(t, "a case of an erased task", err, fault.Gone)
	w.erased = false
	w.during = func(context.Context) { w.erased = true } // between the look and the read
	_, err = w.read(w.reviewer("jane"), c.ID, review.Original)
	is(t, "erased meanwhile", err, fault.Gone)
	if len(w.given) != 0 {
		t.Errorf("given: %v", w.given)
	}
}

func TestBadCasesAreRefusedByField(t *testing.T) {
	w := newWorld(t)
	foreign := w.ref
	foreign.Application = "app-b"
	for name, c := range map[string]struct {
		ref    task.Ref
		reason string
		box    time.Duration
		want   error
	}{
		"no reason":              {w.ref, " ", 0, fault.BadField},
		"reason of two lines":    {w.ref, "a\nb", 0, fault.BadField},
		"reason with an escape":  {w.ref, "\x1b[31m", 0, fault.BadField},
		"reason without end":     {w.ref, strings.Repeat("x", 501), 0, fault.BadField},
		"box of nine hours":      {w.ref, reason, 9 * time.Hour, fault.BadField},
		"box of less than none":  {w.ref, reason, -time.Hour, fault.BadField},
		"task of somebody else":  {foreign, reason, 0, fault.TaskNotFound},
		"task that is not there": {task.Ref{Application: "app-a", ID: uuid.Must(uuid.NewV7()).String()}, reason, 0, fault.TaskNotFound},
	} {
		_, err := w.Open(t.Context(), w.reviewer("jane"), c.ref, c.reason, c.box)
		is(t, name, err, c.want)
	}
	if got := w.acts(); len(got) != 0 {
		t.Errorf("recorded: %v", got)
	}
}

func TestUnknownCasesAreNotFound(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"", "x", "../applications/x", strings.ToUpper(uuid.Must(uuid.NewV7()).String()), uuid.Must(uuid.NewV7()).String()} {
		_, err := w.Approve(t.Context(), w.reviewer("john"), id)
		is(t, "approve "+id, err, fault.NotFound)
		is(t, "read "+id, w.Read(t.Context(), w.reviewer("john"), id, review.Original, nowhere), fault.NotFound)
	}
}

func TestRepeatedApprovalAndClosingChangeNothing(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	w.now = w.now.Add(30 * time.Minute)
	again, err := w.Approve(t.Context(), w.reviewer("john"), c.ID)
	if err != nil || !again.End().Equal(c.End()) {
		t.Errorf("the end moved from %v to %v, %v", c.End(), again.End(), err)
	}
	_, err = w.Approve(t.Context(), w.reviewer("jill"), c.ID)
	is(t, "approved by a third", err, fault.WrongState)
	for range 2 {
		if closed, err := w.Close(t.Context(), w.reviewer("jill"), c.ID); err != nil || closed.State(w.now) != review.Closed {
			t.Errorf("%+v, %v", closed, err)
		}
	}
	if got := w.acts(); len(got) != 3 {
		t.Errorf("acts: %v", got)
	}
}

func TestClosedCaseIsForgotten(t *testing.T) {
	w := newWorld(t)
	c := w.approved()
	if _, err := w.Close(t.Context(), w.reviewer("jane"), c.ID); err != nil {
		t.Fatal(err)
	}
	due := func(at time.Time) (keys []storage.Key) {
		entries, err := w.store.Due(t.Context(), at, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range entries {
			rec, err := w.store.Get(t.Context(), d.Key)
			if err == nil && rec.Due.Equal(d.At) && d.Table == storage.Cases {
				keys = append(keys, d.Key)
			}
		}
		return keys
	}
	const month = 30 * 24 * time.Hour
	if early, late := due(w.now.Add(month-time.Minute)), due(w.now.Add(month)); len(early) != 0 || len(late) != 1 || late[0].Row != c.ID {
		t.Errorf("due a minute early: %v, in time: %v", early, late)
	}
}

func TestCasesAreListedInOrder(t *testing.T) {
	w := newWorld(t)
	var want []string
	for range 5 {
		want = append(want, w.opened().ID)
		w.now = w.now.Add(time.Second)
	}
	var got []string
	after := ""
	for {
		page, err := w.List(t.Context(), w.reviewer("jill"), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			got = append(got, c.ID)
		}
		if len(page) < 2 {
			break
		}
		after = got[len(got)-1]
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	_, err := w.List(t.Context(), w.reviewer("jill"), "x", 2)
	is(t, "made-up cursor", err, fault.BadField)
}
