//go:build linux && cgo

package main_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Whatever setting is wrong, intake is closed and what is stored is erased: the place where documents are is not wrong with it.
func TestFunctionOfLambdaErasesWhateverElseIsWrong(t *testing.T) {
	env, store := localStamp(t)
	sweep := storage.Key{Table: storage.State, Partition: "retention", Row: "sweep"}
	swept := func() string {
		rec, err := store.Records.Get(t.Context(), sweep)
		if err != nil {
			return ""
		}
		return rec.ETag
	}
	startSandbox(t, "retention", env) // makes bucket and tables
	wrong := map[string]string{
		"LETHE_WORKRES": "2", "LETHE_DEADLINE": "soon", "LETHE_REGION": "eu:west/1", "LETHE_AWS_QUEUE": "no address", "LETHE_SIGNING_KEY": "no key",
		"LETHE_PREVIOUS_KEY": "no key", "LETHE_TESSDATA": "/nowhere", "LETHE_CACHE": "/dev/null/cache", "LETHE_PUBLIC_URL": "*", "LETHE_WORKERS": "1000",
	}
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		t.Run(name, func(t *testing.T) {
			before := swept()
			s := startSandbox(t, "retention", append(slices.Clone(env), name+"="+wrong[name]))
			answer := s.invoke(map[string]any{"source": "aws.scheduler"})
			if after := swept(); after == before || bytes.Contains(answer, []byte("error")) {
				t.Errorf("nothing was swept; answered %s", answer)
			}
		})
	}
	every := slices.Clone(env)
	for name, value := range wrong {
		every = append(every, name+"="+value)
	}
	answer := startSandbox(t, "api", every).invoke(map[string]any{
		"version": "2.0", "rawPath": "/readyz", "requestContext": map[string]any{"http": map[string]string{"method": "GET", "sourceIp": "192.0.2.1"}},
	})
	if !bytes.Contains(answer, []byte(`"statusCode":503`)) || !bytes.Contains(answer, []byte("LETHE_DEADLINE")) {
		t.Errorf("clients are answered %s", answer)
	}
}
