package standin

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Reach returns the stamp that answers at an address and the path there, or the status with which nothing answers, 0 where there
// is no such name.
type Reach func(address string) (stamp *Stamp, path string, status int)

// Curl is curl as the scripts use it: a secret comes by standard input, never in an argument.
func (c *Call) Curl(reach Reach) (any, error) {
	address, credentials, onlyStatus, output, fails := "", "", false, "", false
	for i := 0; i < len(c.Args); i++ {
		switch arg := c.Args[i]; {
		case arg == "-K" && c.Args[i+1] == "-":
			text, err := io.ReadAll(os.Stdin)
			if err != nil {
				return nil, err
			}
			credentials = strings.Trim(strings.TrimPrefix(strings.TrimSpace(string(text)), "user = "), `"`)
			i++
		case arg == "-o":
			i++
			output = c.Args[i]
		case arg == "-w" && c.Args[i+1] == "%{http_code}":
			onlyStatus = true
			i++
		case arg == "-m":
			i++
		case arg == "-fsS":
			fails = true
		case arg == "-sS":
		case strings.HasPrefix(arg, "https://"):
			address = arg
		default:
			return nil, c.Violate("curl with " + arg)
		}
	}
	g, path, status := reach(address)
	if status == 0 {
		return nil, Exit{6, "curl: (6) Could not resolve host"}
	}
	body := any("")
	if g != nil {
		application, secret, _ := strings.Cut(credentials, ":")
		status, body = c.serve(g, path, application, secret)
	}
	if fails && status >= 400 {
		return nil, Exit{22, fmt.Sprintf("curl: (22) The requested URL returned error: %d", status)}
	}
	switch {
	case onlyStatus:
		return strconv.Itoa(status), nil
	case output != "":
		return nil, os.WriteFile(output, []byte(text(body)), 0o600)
	default:
		return body, nil
	}
}

// serve answers what the scripts ask of the interface.
func (c *Call) serve(g *Stamp, path, application, secret string) (int, any) {
	closed := g.Settings["LETHE_INTAKE"] == "closed"
	switch path {
	case "/healthz":
		return 200, ""
	case "/readyz":
		sandbox, status := map[string]any{"name": "sandbox", "ok": true}, 200
		if g.Program == "confines-nothing" {
			sandbox = map[string]any{"name": "sandbox", "ok": false, "detail": "not closed are network"}
		}
		if closed || sandbox["ok"] == false {
			status = 503
		}
		return status, map[string]any{"checks": []any{sandbox}}
	}
	if !g.Admits(application, secret) {
		return 401, ""
	}
	s := g.Service
	switch path {
	case "/v1/capabilities":
		return 200, map[string]any{"version": g.Program}
	case "/v1/ledger/keys":
		g.Sequence(g.Service)
		if len(s.Keys) == 0 {
			return 503, ""
		}
		return 200, strings.Join(s.Keys, "\n") + "\n"
	case "/v1/retention":
		seconds := 24 * 3600
		if g.Closing() {
			seconds = 120
		}
		answer := map[string]any{"now": c.World.Time(c.World.Seconds), "processed_seconds": seconds}
		if s.Sealed != "" && s.Sealed != g.Key {
			answer["swept"] = map[string]any{"stale_passwords": 1}
		}
		if s.LastSweep > 0 {
			answer["last_sweep"] = c.World.Time(s.LastSweep)
		}
		for _, d := range s.Tasks {
			if d.Erased == 0 {
				answer["oldest"] = c.World.Time(d.Made)
			}
		}
		return 200, answer
	default:
		c.Note("a request to " + path)
		return 404, ""
	}
}

// Lethe is the program of a package, as its client and as its key maker. The doctor looks at the cloud's account.
func (c *Call) Lethe(reach Reach, doctor func() (any, error)) (any, error) {
	verb := strings.Join(c.Args[:min(2, len(c.Args))], " ")
	switch c.Args[0] {
	case "version":
		return "lethe " + os.Getenv("STANDIN_VERSION") + "\n", nil
	case "keygen":
		private := fmt.Sprintf("PRIVATE+KEY+%s+%d+canary", c.Args[1], c.World.Calls)
		if c.Args[2] == "-" {
			return private + "\n" + PublicHalf(private) + "\n", nil
		}
		return PublicHalf(private) + "\n", os.WriteFile(c.Args[2], []byte(private+"\n"), 0o600)
	case "doctor":
		return doctor()
	case "verify":
		return c.verify()
	case "audit":
		return c.audit()
	}
	g, _, status := reach(os.Getenv("LETHE_URL"))
	switch {
	case g == nil:
		return nil, Exit{3, fmt.Sprintf("lethe: the server cannot be reached (%d)", status)}
	case !g.Admits(os.Getenv("LETHE_APP"), os.Getenv("LETHE_SECRET")):
		return nil, Exit{4, "lethe: credentials refused"}
	}
	s := g.Service
	switch verb {
	case "submit --no-wait":
		if g.Settings["LETHE_INTAKE"] == "closed" {
			return nil, Exit{1, "lethe: no documents are taken in"}
		}
		id := fmt.Sprintf("task-%d", c.World.Calls)
		s.Tasks[id] = &Document{Made: c.World.Seconds, State: "Queued"}
		s.Saved = false
		c.Changes = true
		return id + "\n", nil
	case "ledger save":
		return nil, c.saveLedger(g)
	case "list --state":
		out := ""
		for id, d := range s.Tasks {
			if d.Erased > 0 {
				out += text(map[string]any{"id": id})
			}
		}
		return out, nil
	}
	id := c.Args[len(c.Args)-1]
	if c.Args[0] == "get" {
		id = c.Args[1]
	}
	d := s.Tasks[id]
	if d == nil || d.Erased > 0 && c.Args[0] != "receipt" && c.Args[0] != "delete" {
		return nil, Exit{5, "lethe: the task was erased (410 task-erased)"}
	}
	return c.task(g, id, d)
}

func (c *Call) task(g *Stamp, id string, d *Document) (any, error) {
	switch c.Args[0] {
	case "status":
		switch {
		case g.Program == "reads-nothing":
			d.State = "ProcessingFailed"
		case g.Events:
			d.State = "Completed"
		}
		return map[string]any{"id": id, "state": d.State}, nil
	case "get":
		return nil, os.WriteFile(c.Args[slices.Index(c.Args, "-o")+1], []byte("recognised synthetic letter\n"), 0o600)
	case "delete":
		if d.Erased == 0 {
			d.State, d.Erased = "Deleted", max(1, c.World.Seconds)
			c.Changes = true
		}
		return nil, nil
	case "receipt":
		if g.Key == "" {
			return nil, Exit{1, "lethe: this stamp has no signing key"}
		}
		return "receipt of " + id + " by " + PublicHalf(g.Key) + "\n", nil
	default:
		return nil, c.Violate("lethe " + strings.Join(c.Args, " "))
	}
}

// saveLedger writes a copy of the ledger to a folder.
func (c *Call) saveLedger(g *Stamp) error {
	g.Sequence(g.Service)
	dir := c.Args[2]
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	open := 0
	for _, d := range g.Tasks {
		if d.Erased == 0 {
			open++
		}
	}
	g.Saved = open == 0
	return os.WriteFile(filepath.Join(dir, "checkpoint"), []byte(strconv.Itoa(open)+"\n"), 0o600)
}

func (c *Call) audit() (any, error) {
	checkpoint, err := os.ReadFile(filepath.Join(c.Args[1], "checkpoint"))
	if err != nil {
		return nil, err
	}
	open, err := strconv.Atoi(strings.TrimSpace(string(checkpoint)))
	return map[string]any{"log": map[string]any{
		"documents_without_receipt": open, "documents": 1, "documents_with_receipt": 1 - open, "longest_after_upload_seconds": nil, "breaches": []any{},
	}}, err
}

func (c *Call) verify() (any, error) {
	receipt, err := os.ReadFile(c.Args[1])
	if err != nil {
		return nil, err
	}
	keys, err := os.ReadFile(c.Args[slices.Index(c.Args, "--key")+1])
	if err != nil {
		return nil, err
	}
	_, key, _ := strings.Cut(strings.TrimSpace(string(receipt)), " by ")
	if !slices.Contains(strings.Fields(string(keys)), key) {
		return nil, Exit{1, "lethe: the receipt is signed by no key that you trust"}
	}
	return "task\n", nil
}

// Sample is go run ./scripts/sample.
func (c *Call) Sample() (any, error) {
	for flag, content := range map[string]string{"-o": "a page", "-words": "recognised\nsynthetic\n"} {
		if err := os.WriteFile(c.Args[slices.Index(c.Args, flag)+1], []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
