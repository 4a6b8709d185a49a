package api_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/request/requesttest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// A setting that is new to the interface must not be taken and dropped: it is given to the domain, from each of the three
// kinds of requests alike, and shown again unless it is told to none.
func TestEverySettingReachesTheDomain(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Submit)
	ordered := func(target, body string, header ...string) (task.Order, request.Settings) {
		t.Helper()
		got := read[struct{ Settings request.Settings }](t, w.call(t, c, "POST", target, body, header...), 201)
		return w.orders[len(w.orders)-1], got.Settings
	}
	usual, _ := ordered("/v1/tasks", `{}`)
	for _, f := range request.All() {
		body, err := json.Marshal(requesttest.Only(t, f))
		if err != nil {
			t.Fatal(err)
		}
		order, shown := ordered("/v1/tasks", string(body))
		if reflect.DeepEqual(order, usual) {
			t.Errorf("%s is dropped", f.Name)
		}
		if missing := requesttest.Only(t, f).Dropped(shown); missing != "" {
			t.Errorf("%s is not shown", missing)
		}
		if f.WriteOnly && !reflect.ValueOf(f.Place(&shown)).Elem().IsZero() {
			t.Errorf("%s is shown", f.Name)
		}

		w.call(t, c, "POST", "/v1/tasks:batch", `{"tasks":[`+string(body)+`]}`)
		if diff := cmp.Diff(order, w.orders[len(w.orders)-1]); diff != "" {
			t.Errorf("%s in a batch (-alone +batch):\n%s", f.Name, diff)
		}
		target, header := "/v1/tasks", []string{"Content-Type", "application/pdf"}
		if f.Header != "" {
			header = append(header, f.Header, requesttest.Example(t, f))
		} else {
			target += "?" + url.Values{f.Name: {requesttest.Example(t, f)}}.Encode()
		}
		inline, _ := ordered(target, "%PDF", header...)
		if diff := cmp.Diff(order, inline); diff != "" {
			t.Errorf("%s beside a document (-JSON +document):\n%s", f.Name, diff)
		}
	}
}
