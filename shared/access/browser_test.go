package access_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
)

func TestRequestsOfPagesOfOtherSitesAreRefusedHoweverThatIsSpelt(t *testing.T) {
	for _, c := range []struct {
		sites   []string
		refused bool
	}{
		{[]string{"cross-site"}, true}, {[]string{"same-site"}, true}, {[]string{" Cross-Site\t"}, true}, {[]string{"SAME-SITE"}, true},
		{[]string{"same-origin", "cross-site"}, true}, {[]string{"none,same-site"}, true}, {[]string{"same-origin"}, false}, {[]string{"none"}, false}, {nil, false}, {[]string{""}, false},
	} {
		if err := access.FromElsewhere(http.Header{"Sec-Fetch-Site": c.sites}); errors.Is(err, fault.CrossSite) != c.refused {
			t.Errorf("%q: %v", c.sites, err)
		}
	}
}
