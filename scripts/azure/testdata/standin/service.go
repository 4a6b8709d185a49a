package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
)

// reach returns the stamp whose app answers at an address, or why none does.
func (c *call) reach(address string) (*model.Group, int) {
	for _, g := range c.world.Groups {
		if g.App == nil || !strings.HasPrefix(address, "https://"+g.App.Name+".azurewebsites.net") {
			continue
		}
		switch {
		case g.Private && !c.world.Inside:
			return nil, 403
		case !g.App.Runs(c.world.Seconds) || g.App.Program == "never-loads":
			return nil, 503
		default:
			return g, 200
		}
	}
	return nil, 0
}

// curl is curl as the scripts use it: a secret comes by standard input, never in an argument.
func (c *call) curl() (any, error) {
	address, credentials, onlyStatus, output, fails := "", "", false, "", false
	for i := 0; i < len(c.args); i++ {
		switch arg := c.args[i]; {
		case arg == "-K" && c.args[i+1] == "-":
			text, err := io.ReadAll(os.Stdin)
			if err != nil {
				return nil, err
			}
			credentials = strings.Trim(strings.TrimPrefix(strings.TrimSpace(string(text)), "user = "), `"`)
			i++
		case arg == "-o":
			i++
			output = c.args[i]
		case arg == "-w" && c.args[i+1] == "%{http_code}":
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
			return nil, c.violate("curl with " + arg)
		}
	}
	g, status := c.reach(address)
	if status == 0 {
		return nil, exit{6, "curl: (6) Could not resolve host"}
	}
	body := any("")
	if g != nil {
		_, path, _ := strings.Cut(address, ".azurewebsites.net")
		application, secret, _ := strings.Cut(credentials, ":")
		status, body = c.serve(g, path, application, secret)
	}
	if fails && status >= 400 {
		return nil, exit{22, fmt.Sprintf("curl: (22) The requested URL returned error: %d", status)}
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
func (c *call) serve(g *model.Group, path, application, secret string) (int, any) {
	closed := g.App.Settings["LETHE_INTAKE"] == "closed"
	switch path {
	case "/healthz":
		return 200, ""
	case "/readyz":
		sandbox, status := map[string]any{"name": "sandbox", "ok": true}, 200
		if g.App.Program == "confines-nothing" {
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
	s := &g.Tables
	switch path {
	case "/v1/capabilities":
		return 200, map[string]any{"version": g.App.Program}
	case "/v1/ledger/keys":
		g.App.Sequence(s)
		if len(s.Keys) == 0 {
			return 503, ""
		}
		return 200, strings.Join(s.Keys, "\n") + "\n"
	case "/v1/retention":
		seconds := 24 * 3600
		if g.App.Settings["LETHE_RETAIN_PROCESSED"] == "2m" {
			seconds = 120
		}
		answer := map[string]any{"now": c.world.Time(c.world.Seconds), "processed_seconds": seconds}
		if s.Sealed != "" && s.Sealed != g.App.Key {
			answer["swept"] = map[string]any{"stale_passwords": 1}
		}
		if s.LastSweep > 0 {
			answer["last_sweep"] = c.world.Time(s.LastSweep)
		}
		for _, d := range s.Tasks {
			if d.Erased == 0 {
				answer["oldest"] = c.world.Time(d.Made)
			}
		}
		return 200, answer
	default:
		c.violate("a request to " + path)
		return 404, ""
	}
}

// lethe is the program of a package, as its client and as its key maker.
func (c *call) lethe() (any, error) {
	verb := strings.Join(c.args[:min(2, len(c.args))], " ")
	switch c.args[0] {
	case "version":
		return "lethe " + os.Getenv("STANDIN_VERSION") + "\n", nil
	case "keygen":
		private := fmt.Sprintf("PRIVATE+KEY+%s+%d+canary", c.args[1], c.world.Calls)
		return model.PublicHalf(private) + "\n", os.WriteFile(c.args[2], []byte(private+"\n"), 0o600)
	case "doctor":
		return c.doctor()
	case "verify":
		return c.verify()
	case "audit":
		return c.audit()
	}
	g, status := c.reach(os.Getenv("LETHE_URL"))
	switch {
	case g == nil:
		return nil, exit{3, fmt.Sprintf("lethe: the server cannot be reached (%d)", status)}
	case !g.Admits(os.Getenv("LETHE_APP"), os.Getenv("LETHE_SECRET")):
		return nil, exit{4, "lethe: credentials refused"}
	}
	s := &g.Tables
	switch {
	case verb == "submit --no-wait":
		if g.App.Settings["LETHE_INTAKE"] == "closed" {
			return nil, exit{1, "lethe: no documents are taken in"}
		}
		id := fmt.Sprintf("task-%d", c.world.Calls)
		s.Tasks[id] = &model.Document{Made: c.world.Seconds, State: "Queued"}
		s.Saved = false
		c.changes = true
		return id + "\n", nil
	case verb == "ledger save":
		return nil, c.saveLedger(g)
	case verb == "list --state":
		out := ""
		for id, d := range s.Tasks {
			if d.Erased > 0 {
				out += text(map[string]any{"id": id})
			}
		}
		return out, nil
	}
	id := c.args[len(c.args)-1]
	if c.args[0] == "get" {
		id = c.args[1]
	}
	d := s.Tasks[id]
	if d == nil || d.Erased > 0 && c.args[0] != "receipt" && c.args[0] != "delete" {
		return nil, exit{5, "lethe: the task was erased (410 task-erased)"}
	}
	return c.task(g, id, d)
}

func (c *call) task(g *model.Group, id string, d *model.Document) (any, error) {
	switch c.args[0] {
	case "status":
		switch {
		case g.App.Program == "reads-nothing":
			d.State = "ProcessingFailed"
		case g.Events:
			d.State = "Completed"
		}
		return map[string]any{"id": id, "state": d.State}, nil
	case "get":
		return nil, os.WriteFile(c.args[slices.Index(c.args, "-o")+1], []byte("recognised synthetic letter\n"), 0o600)
	case "delete":
		if d.Erased == 0 {
			d.State, d.Erased = "Deleted", max(1, c.world.Seconds)
			c.changes = true
		}
		return nil, nil
	case "receipt":
		if g.App.Key == "" {
			return nil, exit{1, "lethe: this stamp has no signing key"}
		}
		return "receipt of " + id + " by " + model.PublicHalf(g.App.Key) + "\n", nil
	default:
		return nil, c.violate("lethe " + strings.Join(c.args, " "))
	}
}

// saveLedger writes a copy of the ledger to a folder.
func (c *call) saveLedger(g *model.Group) error {
	g.App.Sequence(&g.Tables)
	dir := c.args[2]
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	open := 0
	for _, d := range g.Tables.Tasks {
		if d.Erased == 0 {
			open++
		}
	}
	g.Tables.Saved = open == 0
	return os.WriteFile(filepath.Join(dir, "checkpoint"), []byte(strconv.Itoa(open)+"\n"), 0o600)
}

func (c *call) audit() (any, error) {
	checkpoint, err := os.ReadFile(filepath.Join(c.args[1], "checkpoint"))
	if err != nil {
		return nil, err
	}
	open, err := strconv.Atoi(strings.TrimSpace(string(checkpoint)))
	return map[string]any{"log": map[string]any{
		"documents_without_receipt": open, "documents": 1, "documents_with_receipt": 1 - open, "longest_after_upload_seconds": nil, "breaches": []any{},
	}}, err
}

func (c *call) verify() (any, error) {
	receipt, err := os.ReadFile(c.args[1])
	if err != nil {
		return nil, err
	}
	keys, err := os.ReadFile(c.args[slices.Index(c.args, "--key")+1])
	if err != nil {
		return nil, err
	}
	_, key, _ := strings.Cut(strings.TrimSpace(string(receipt)), " by ")
	if !slices.Contains(strings.Fields(string(keys)), key) {
		return nil, exit{1, "lethe: the receipt is signed by no key that you trust"}
	}
	return "task\n", nil
}

func (c *call) doctor() (any, error) {
	if slices.Contains(c.args, "--help") {
		return "Check that the place\n", nil
	}
	g := c.world.Groups[c.args[slices.Index(c.args, "--resource-group")+1]]
	if g == nil || g.Resources[c.args[slices.Index(c.args, "--account")+1]].Type != "Microsoft.Storage/storageAccounts" {
		return nil, exit{1, "lethe: nothing could be looked at"}
	}
	if g.Keeping {
		return "breach  blob-soft-delete\n", exit{1, "lethe: 1 of 20 checks found a breach"}
	}
	return "ok  blob-soft-delete\n", nil
}

// sample is go run ./scripts/sample.
func (c *call) sample() (any, error) {
	for flag, content := range map[string]string{"-o": "a page", "-words": "recognised\nsynthetic\n"} {
		if err := os.WriteFile(c.args[slices.Index(c.args, flag)+1], []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
