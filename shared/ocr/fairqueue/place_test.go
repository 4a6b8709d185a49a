package fairqueue_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
)

const slice = 5 * time.Second

// bench is a queue whose places are taken, and those that wait for one, in a bubble of synctest.
type bench struct {
	*testing.T
	*fairqueue.Queue
	served chan string
	places chan *fairqueue.Place
}

func onBench(t *testing.T, places int, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var readings atomic.Int64 // as those of a real clock, no two are the same
		now := func() time.Time { return time.Now().Add(time.Duration(readings.Add(1))) }
		test(&bench{T: t, Queue: fairqueue.New(places, now), served: make(chan string, 100), places: make(chan *fairqueue.Place, 100)})
	})
}

func (b *bench) take(owner string) *fairqueue.Place {
	b.Helper()
	p, err := b.Take(b.Context(), owner, slice)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// wait has somebody wait for a place, who tells when it has it and charges as much as is said.
func (b *bench) wait(owner string) {
	go func() {
		p, err := b.Take(b.Context(), owner, slice)
		if err != nil {
			return
		}
		b.served <- owner
		b.places <- p
	}()
	synctest.Wait()
}

// drain gives each place back after it used so much, and returns the order of owners.
func (b *bench) drain(used map[string]time.Duration) []string {
	var order []string
	for {
		synctest.Wait()
		select {
		case owner := <-b.served:
			order = append(order, owner)
			p := <-b.places
			p.Charge(used[owner])
			p.Give()
		default:
			return order
		}
	}
}

func TestOwnerThatUsedTheLeastComesFirst(t *testing.T) {
	onBench(t, 1, func(b *bench) {
		first := b.take("flood")
		for range 4 {
			b.wait("flood")
		}
		for range 4 {
			b.wait("modest")
		}
		first.Charge(10 * time.Second)
		first.Give()
		got := b.drain(map[string]time.Duration{"flood": 10 * time.Second, "modest": 3 * time.Second})
		want := []string{"modest", "modest", "modest", "modest", "flood", "flood", "flood", "flood"}
		if !slices.Equal(got, want) {
			b.Errorf("served %v", got)
		}
	})
}

func TestEqualOwnersTakeTurns(t *testing.T) {
	onBench(t, 1, func(b *bench) {
		first := b.take("a")
		for range 3 {
			b.wait("a")
		}
		for range 3 {
			b.wait("b")
		}
		first.Charge(time.Second)
		first.Give()
		got := b.drain(map[string]time.Duration{"a": time.Second, "b": time.Second})
		if want := []string{"b", "a", "b", "a", "b", "a"}; !slices.Equal(got, want) && !slices.Equal(got, []string{"b", "b", "a", "b", "a", "a"}) {
			b.Errorf("served %v, want about %v", got, want)
		}
	})
}

func TestOwnerWithoutAPlaceComesBeforeOneThatHasSome(t *testing.T) {
	onBench(t, 2, func(b *bench) {
		past := b.take("late")
		past.Charge(time.Hour)
		past.Give()
		b.take("a")
		second := b.take("a")
		b.wait("a")
		b.wait("late")
		second.Give()
		synctest.Wait()
		if got := <-b.served; got != "late" {
			b.Errorf("%s was served: late used more, but holds nothing", got)
		}
	})
}

func TestUseFadesWithTime(t *testing.T) {
	onBench(t, 1, func(b *bench) {
		past := b.take("a")
		past.Charge(time.Minute)
		past.Give()
		time.Sleep(10 * time.Minute)
		recent := b.take("b")
		recent.Charge(time.Second)
		b.wait("b")
		b.wait("a")
		recent.Give()
		synctest.Wait()
		if got := <-b.served; got != "a" {
			b.Errorf("%s was served: what a used ten minutes ago counts still", got)
		}
	})
}

func TestPlaceIsAskedBackAfterASlice(t *testing.T) {
	onBench(t, 1, func(b *bench) {
		p := b.take("long")
		p.Charge(slice - time.Millisecond)
		b.wait("long")
		b.wait("other")
		if p.StepAside() != nil {
			b.Fatal("asked back before its slice was used up")
		}
		p.Charge(time.Millisecond)
		back := p.StepAside()
		if back == nil {
			b.Fatal("not asked back")
		}
		synctest.Wait()
		if got := <-b.served; got != "other" {
			b.Fatalf("%s got the place", got)
		}
		(<-b.places).Give()
		<-back // before the page of its own owner that waits
		if !p.Held() {
			b.Error("the place is not held")
		}
		p.Charge(time.Millisecond) // so much more than what faded meanwhile
		b.wait("other")
		if p.StepAside() == nil {
			b.Error("an owner that is a slice ahead does not make way at once")
		}
	})
}

func TestPlaceIsNotAskedBackForItsOwnOwnerNorForOneThatHasAnother(t *testing.T) {
	onBench(t, 2, func(b *bench) {
		p := b.take("long")
		p.Charge(time.Minute)
		b.wait("long") // gets the second place
		b.wait("long")
		if p.Wanted() {
			b.Error("asked back for its own owner")
		}
		(<-b.places).Give()
		<-b.served
		synctest.Wait()
		(<-b.places).Give()
		<-b.served
		b.take("other")
		b.wait("other")
		if p.Wanted() {
			b.Error("asked back for an owner that has a place")
		}
	})
}

// Two owners whose pages both take long go on in turn, a slice each.
func TestLongPagesTakeTurnsBySlices(t *testing.T) {
	onBench(t, 1, func(b *bench) {
		one, turns := b.take("one"), 0
		b.wait("two")
		one.Charge(slice)
		back := one.StepAside()
		synctest.Wait()
		two := <-b.places
		for range 10 {
			two.Charge(slice / 2)
			if two.StepAside() != nil {
				b.Fatal("half a slice")
			}
			two.Charge(slice / 2)
			wait := two.StepAside()
			if wait == nil {
				b.Fatal("a whole slice, and the place is kept")
			}
			<-back
			one, two, back = two, one, wait
			turns++
		}
		if turns != 10 {
			b.Errorf("%d turns", turns)
		}
	})
}

func TestWaitThatIsGivenUpLosesNoPlace(t *testing.T) {
	onBench(t, 1, func(b *bench) {
		p := b.take("a")
		ctx, cancel := context.WithCancel(b.Context())
		gaveUp := make(chan error, 1)
		go func() {
			_, err := b.Take(ctx, "b", slice)
			gaveUp <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		if b.Waiting() != 0 {
			b.Errorf("%d wait", b.Waiting())
		}
		p.Give()
		p.Give()
		b.take("c")
		if _, ok := b.TryTake("d"); ok {
			b.Error("a place was given back twice")
		}
	})
}

// Whatever happens: no more places are held than there are, none is free while somebody waits, and an owner without a place
// waits for no more than the slices of the others that have none, however long their pages take.
func TestEveryOwnerHasItsTurn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		places := rapid.IntRange(1, 4).Draw(r, "places")
		owners := rapid.IntRange(1, 6).Draw(r, "owners")
		hand := &clock{}
		q := fairqueue.New(places, hand.now)
		var (
			mu    sync.Mutex
			held  []*fairqueue.Place
			fresh = make(chan *fairqueue.Place, 100)
			group sync.WaitGroup
			names = map[*fairqueue.Place]string{}
			waits int
		)
		ctx, cancel := context.WithCancel(context.Background())
		defer func() { cancel(); group.Wait() }()
		for i := range owners {
			for range rapid.IntRange(1, 3).Draw(r, "pages") {
				waits++
				group.Go(func() {
					p, err := q.Take(ctx, string(rune('a'+i)), slice)
					if err != nil {
						return
					}
					mu.Lock()
					names[p] = string(rune('a' + i))
					mu.Unlock()
					fresh <- p
				})
			}
		}
		served := map[string]bool{}
		aside := map[*fairqueue.Place]<-chan struct{}{}
		settle := func() {
			for len(held) < min(places, waits) || len(held)+q.Waiting() < waits { // each is sure to come
				runtime.Gosched()
				for p, back := range aside {
					select {
					case <-back:
						delete(aside, p)
						held = append(held, p)
					default:
					}
				}
				select {
				case p := <-fresh:
					held = append(held, p)
				default:
				}
			}
			if len(held) > places {
				r.Fatalf("%d of %d places are held", len(held), places)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, p := range held {
				served[names[p]] = true
			}
		}
		settle()
		for range owners { // a round: each page that is held uses a slice
			for _, p := range slices.Clone(held) {
				p.Charge(slice)
				hand.pass(slice)
				if back := p.StepAside(); back != nil {
					held = slices.DeleteFunc(held, func(h *fairqueue.Place) bool { return h == p })
					aside[p] = back
				}
				settle()
			}
		}
		if len(served) != owners {
			r.Fatalf("after %d slices of %d places %d of %d owners were served", owners, places, len(served), owners)
		}
	})
}

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
