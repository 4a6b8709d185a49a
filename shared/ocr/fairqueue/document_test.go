package fairqueue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
)

// visits are documents that came to a queue, by name.
type visits struct {
	*bench
	in   []string // in the order in which they were admitted
	docs map[string]*fairqueue.Document
	come chan visit
}

type visit struct {
	name     string
	document *fairqueue.Document
}

func atTheDoor(t *testing.T, test func(v *visits)) {
	t.Helper()
	onBench(t, 1, func(b *bench) {
		test(&visits{bench: b, docs: map[string]*fairqueue.Document{}, come: make(chan visit, 100)})
	})
}

// enter has a document come. Its name begins with its owner's letter.
func (v *visits) enter(name string, alone bool) (giveUp context.CancelFunc) {
	ctx, cancel := context.WithCancel(v.Context())
	go func() {
		if d, err := v.Enter(ctx, name[:1], alone); err == nil {
			v.come <- visit{name, d}
		}
	}()
	v.look()
	return cancel
}

// look notes who was admitted.
func (v *visits) look() {
	for {
		synctest.Wait()
		select {
		case came := <-v.come:
			v.in = append(v.in, came.name)
			v.docs[came.name] = came.document
		default:
			return
		}
	}
}

func (v *visits) leave(name string) {
	v.docs[name].Leave()
	v.docs[name].Leave() // says nothing new
	v.look()
}

func (v *visits) want(names ...string) {
	v.Helper()
	if !slices.Equal(v.in, names) {
		v.Errorf("admitted: %v, want %v", v.in, names)
	}
	v.in = nil
}

func TestOwnerMayHaveSoManyDocumentsAtOnce(t *testing.T) {
	atTheDoor(t, func(v *visits) {
		for _, name := range []string{"a1", "a2", "a3", "a4", "a5", "a6", "b1"} {
			v.enter(name, false)
		}
		v.want("a1", "a2", "a3", "a4", "b1")
		v.leave("a2")
		v.want("a5")
	})
}

func TestOwnerWithoutADocumentWaitsForNoneOfOthers(t *testing.T) {
	atTheDoor(t, func(v *visits) {
		for _, name := range []string{"a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "d1", "c2"} {
			v.enter(name, false)
		}
		v.want("a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "d1")
		// The second of an owner comes once there is room for it beside all others.
		v.leave("a1")
		v.leave("a2")
		v.want()
		v.leave("a3")
		v.want("c2")
	})
}

func TestOwnerWithFewerDocumentsComesFirst(t *testing.T) {
	atTheDoor(t, func(v *visits) {
		for _, name := range []string{"a1", "a2", "a3", "a4", "b1", "b2", "b3", "c1"} {
			v.enter(name, false)
		}
		v.in = nil
		for _, name := range []string{"b4", "c2"} {
			v.enter(name, false)
		}
		v.want()
		v.leave("a1")
		v.want("c2")
	})
}

func TestSuspectIsReadAlone(t *testing.T) {
	atTheDoor(t, func(v *visits) {
		v.enter("a1", false)
		v.enter("s1", true)
		v.enter("b1", false) // the others still have their turn
		v.want("a1", "b1")
		v.leave("a1")
		v.leave("b1")
		v.want("s1")
		v.enter("a2", false)
		v.enter("s2", true)
		v.want()
		v.leave("s1") // those that waited for its end go first
		v.want("a2")
		v.leave("a2")
		v.want("s2")
	})
}

func (v *visits) yields(name string) bool {
	select {
	case <-v.docs[name].Yield():
		return true
	default:
		return false
	}
}

func TestSuspectThatWaitedLongMakesTheOthersYield(t *testing.T) {
	atTheDoor(t, func(v *visits) {
		v.enter("a1", false)
		v.enter("b1", false)
		v.enter("s1", true)
		time.Sleep(29 * time.Second)
		synctest.Wait()
		if v.yields("a1") || v.yields("b1") {
			t.Error("asked to yield too early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !v.yields("a1") || !v.yields("b1") {
			t.Error("not asked to yield")
		}
		v.in = nil
		v.enter("c1", false)
		v.leave("a1")
		v.want() // nobody comes before the suspect any more
		v.leave("b1")
		v.want("s1")
		v.leave("s1")
		v.want("c1")
	})
}

func TestSuspectThatGivesUpLetsTheOthersGoOn(t *testing.T) {
	atTheDoor(t, func(v *visits) {
		v.enter("a1", false)
		giveUp := v.enter("s1", true)
		time.Sleep(time.Minute)
		v.enter("b1", false)
		v.want("a1")
		giveUp()
		v.look()
		v.want("b1")
		// Who was asked to yield and has not left is not asked again.
		v.enter("s2", true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if !v.yields("a1") || !v.yields("b1") {
			t.Error("not asked to yield")
		}
	})
}

func TestEndedContextIsNotAdmitted(t *testing.T) {
	atTheDoor(t, func(v *visits) {
		ctx, cancel := context.WithCancel(v.Context())
		cancel()
		if _, err := v.Enter(ctx, "a", false); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		v.enter("s1", true)
		v.want("s1")
	})
}

// A place that its page gives back between two tries is waited for like any other.
func TestPlaceIsTakenAgain(t *testing.T) {
	onBench(t, 1, func(b *bench) {
		d, err := b.Enter(b.Context(), "a", false)
		if err != nil {
			t.Fatal(err)
		}
		p, err := d.Take(b.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.Charge(time.Hour)
		b.wait("b")
		if p.Wanted() {
			t.Error("a place for which no slice is said yet is asked back")
		}
		if err := p.Retake(b.Context(), slice); err != nil || p.Wanted() {
			t.Errorf("a new slice is over: %v", err)
		}
		p.Charge(slice)
		if !p.Wanted() {
			t.Error("a place that was used for a slice is kept from another owner")
		}
		p.Give()
		other := <-b.places
		again := make(chan error)
		go func() { again <- p.Retake(b.Context(), slice) }()
		synctest.Wait()
		if p.Held() {
			t.Error("two hold one place")
		}
		other.Give()
		if err := <-again; err != nil || !p.Held() {
			t.Errorf("the place is not held again: %v", err)
		}
	})
}
