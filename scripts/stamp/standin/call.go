// Package standin is what the stand-ins of the clouds share in tests of their scripts: how a call is taken, failed on request and
// logged, and the program of a stamp as curl and its own client see it. A stand-in keeps a model of an account in a
// file and changes it as the real thing would. By the name it is called with it is the cloud's command line, curl, the
// program lethe of a package, sleep, or go.
package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// World is what every model of an account counts. Models embed it.
type World struct {
	Calls      int
	Seconds    int      // since it began
	Violations []string // what was called and nobody has reviewed, or must never happen
}

// Account is a model that is kept in a file between calls.
type Account interface {
	Base() *World
	Pass(seconds int) // lets time go by
}

// Base returns the counters of a model that embeds them.
func (w *World) Base() *World { return w }

// Load reads a model from a file.
func Load(path string, model any) {
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(content, model); err != nil {
		panic(err)
	}
}

// Save writes a model to a file.
func Save(path string, model any) {
	content, err := json.MarshalIndent(model, "", " ")
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		panic(err)
	}
}

// Call is one call of the stand-in.
type Call struct {
	Name    string // what it is called as
	Args    []string
	World   *World
	Half    bool // whether something that does many things stops halfway
	Changes bool // whether the call changed the model
	Logged  any  // what of the answer stands in the log
}

// Exit is an error with the exit code that the real program has.
type Exit struct {
	Code int
	Text string
}

// Error implements error.
func (e Exit) Error() string { return e.Text }

// Note notes what must never happen, for the tests to find.
func (c *Call) Note(what string) { c.World.Violations = append(c.World.Violations, what) }

// Violate notes what nobody has reviewed, and refuses it.
func (c *Call) Violate(what string) Exit {
	c.Note(what)
	return Exit{2, "ERROR: the stand-in refuses this: " + what}
}

// Take takes one call: it reads the model from the file that STANDIN_WORLD names, lets answer change it, and fails as
// STANDIN_FAULT says.
func Take(account Account, answer func(*Call) (any, error)) {
	path := os.Getenv("STANDIN_WORLD")
	Load(path, account)
	world := account.Base()
	c := &Call{Name: filepath.Base(os.Args[0]), Args: os.Args[1:], World: world}
	// Time alone is no call that can fail.
	if c.Name == "sleep" {
		seconds, _ := strconv.Atoi(c.Args[0])
		account.Pass(seconds)
		Save(path, account)
		return
	}
	world.Calls++
	mode := fault(world.Calls)
	if mode == "before" {
		Save(path, account)
		c.log(mode)
		fmt.Fprintf(os.Stderr, "ERROR: (InternalServerError) injected at call %d\n", world.Calls)
		os.Exit(1)
	}
	c.Half = mode == "half"
	out, err := answer(c)
	Save(path, account)
	c.log(mode)
	if mode == "kill" {
		_ = syscall.Kill(-syscall.Getpgrp(), syscall.SIGKILL)
	}
	if err == nil && (mode == "after" || mode == "half") {
		err = Exit{1, fmt.Sprintf("ERROR: (GatewayTimeout) injected at call %d", world.Calls)}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code := 1
		if e, ok := errors.AsType[Exit](err); ok {
			code = e.Code
		}
		os.Exit(code)
	}
	if out != nil {
		fmt.Print(text(out))
	}
}

// text is an answer as it is printed: texts as they are, everything else as JSON.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(out) + "\n"
}

// fault is what is to go wrong at a call: STANDIN_FAULT is NUMBER:MODE, or NUMBER+:MODE for it and all that follow.
func fault(n int) string {
	at, mode, _ := strings.Cut(os.Getenv("STANDIN_FAULT"), ":")
	from, all := strings.CutSuffix(at, "+")
	if number, err := strconv.Atoi(from); err == nil && (n == number || all && n > number) {
		return mode
	}
	return ""
}

// log writes a line for each call: its number, whether it changes anything, what was called, and what is told of the answer.
func (c *Call) log(mode string) {
	f, err := os.OpenFile(os.Getenv("STANDIN_WORLD")+".log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	line, err := json.Marshal(struct {
		Number  int
		Changes bool
		Name    string
		Args    []string
		Fault   string `json:",omitempty"`
		Answer  any    `json:",omitempty"`
	}{c.World.Calls, c.Changes, c.Name, c.Args, mode, c.Logged})
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(f, string(line))
	if err := f.Close(); err != nil {
		panic(err)
	}
}
