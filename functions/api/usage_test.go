package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/metering"
)

// Usage implements api.Usage.
func (d *domain) Usage(ctx context.Context, q metering.Query) ([]metering.Day, string, error) {
	return metering.List(ctx, d.usage, q)
}

// used counts an end of processing.
func (w *world) used(t *testing.T, application string, at time.Time, counts metering.Counts) {
	t.Helper()
	c := metering.NewCounter(w.usage, "test")
	owed := func(context.Context) (bool, error) { return true, nil }
	if err := c.Count(t.Context(), application, c.End(at, counts), owed); err != nil {
		t.Fatal(err)
	}
}

type usageAnswer struct {
	From, To, After string
	Days            []struct {
		Application, Day                string
		Documents, Failed, Pages, Bytes int64
	}
}

// usage asks for a page.
func (w *world) usageOf(t *testing.T, c client, query string) (got usageAnswer) {
	t.Helper()
	res := w.call(t, c, http.MethodGet, "/v1/usage"+query, "")
	if res.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", query, res.Code, res.Body)
	}
	if err := json.Unmarshal(res.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestApplicationSeesItsUsageAndAnOperatorThatOfAll(t *testing.T) {
	w := newWorld()
	one, other, operator := w.client(t, access.Read), w.client(t, access.Read), w.client(t, access.Operator)
	for day := range 40 {
		for _, c := range []client{one, other} {
			w.used(t, c.id, w.clock.AddDate(0, 0, -day), metering.Counts{Documents: 2, Failed: 1, Pages: 7, Bytes: 900})
		}
	}
	own := w.usageOf(t, one, "")
	if len(own.Days) != 31 || own.To != "2026-03-01" || own.From != "2026-01-30" {
		t.Errorf("a month is %d days from %s to %s", len(own.Days), own.From, own.To)
	}
	for _, d := range own.Days {
		if d.Application != one.id || d.Documents != 2 || d.Failed != 1 || d.Pages != 7 || d.Bytes != 900 {
			t.Errorf("%+v", d)
		}
	}
	seen := map[string]int{}
	query := url.Values{"from": {"2026-02-20"}, "to": {"2026-02-25"}, "limit": {"5"}}
	for {
		page := w.usageOf(t, operator, "?"+query.Encode())
		for _, d := range page.Days {
			seen[d.Application]++
		}
		if page.After == "" {
			break
		}
		query.Set("after", page.After)
	}
	if diff := cmp.Diff(map[string]int{one.id: 6, other.id: 6}, seen); diff != "" {
		t.Error(diff)
	}
	if res := w.call(t, one, http.MethodGet, "/v1/usage?after="+url.QueryEscape(other.id+"~20260101"), ""); res.Code != http.StatusUnprocessableEntity {
		t.Errorf("with a cursor of another application: %d %s", res.Code, res.Body)
	}
}

func TestUsageIsRefusedBeyondWhatIsKept(t *testing.T) {
	w := newWorld()
	c := w.client(t, access.Read, access.Operator)
	for _, query := range []string{
		"from=2026-03-02", "from=2026-03-02&to=2026-03-01", "from=2020-01-01", "from=0001-01-01&to=9999-12-31", "to=9999-12-31&from=1970-01-01",
		"from=yesterday", "from=2026-02-30", "from=2026-3-1", "to=2026-03-01T00:00:00Z", "from=%00", "limit=0", "limit=1001", "limit=x", "after=x", "from=2026-03-01&from=2026-02-01",
		"since=2026-03-01",
	} {
		res := w.call(t, c, http.MethodGet, "/v1/usage?"+query, "")
		if res.Code < 400 || res.Code >= 500 {
			t.Errorf("%s: %d %s", query, res.Code, res.Body)
		}
	}
	for _, query := range []string{"from=2025-01-25&to=2026-03-01", "to=0001-01-01", "from=9999-12-31&to=9999-12-31"} {
		if got := w.usageOf(t, c, "?"+query); len(got.Days) != 0 {
			t.Errorf("%s: %+v", query, got)
		}
	}
}
