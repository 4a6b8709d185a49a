// Command standin takes the place of az, and of what a stamp consists of, in tests of the scripts: it keeps a model of a
// subscription in a file and changes it as the real thing would. By the name it is called with it is az, curl, the
// program lethe of a package, sleep, or go. A command or flag outside its lists is a violation, which the tests look for.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
)

// call is one call of the stand-in.
type call struct {
	args    []string
	world   *model.World
	half    bool // whether a deployment stops halfway
	changes bool // whether the call changed the model
}

// exit is an error with the exit code that the real program has.
type exit struct {
	code int
	text string
}

// Error implements error.
func (e exit) Error() string { return e.text }

// violate notes what nobody has reviewed, and refuses it.
func (c *call) violate(what string) exit {
	c.world.Violations = append(c.world.Violations, what)
	return exit{2, "ERROR: the stand-in refuses this: " + what}
}

func main() {
	path := os.Getenv("STANDIN_WORLD")
	c := &call{args: os.Args[1:], world: model.Load(path)}
	name := filepath.Base(os.Args[0])
	// Time alone is no call that can fail.
	if name == "sleep" {
		seconds, _ := strconv.Atoi(c.args[0])
		c.world.Pass(seconds)
		c.world.Save(path)
		return
	}
	c.world.Calls++
	mode := fault(c.world.Calls)
	if mode == "before" {
		c.world.Save(path)
		c.log(name, mode)
		fmt.Fprintf(os.Stderr, "ERROR: (InternalServerError) injected at call %d\n", c.world.Calls)
		os.Exit(1)
	}
	c.half = mode == "half"
	out, err := c.answer(name)
	c.world.Save(path)
	c.log(name, mode)
	if mode == "kill" {
		_ = syscall.Kill(-syscall.Getpgrp(), syscall.SIGKILL)
	}
	if err == nil && (mode == "after" || mode == "half") {
		err = exit{1, fmt.Sprintf("ERROR: (GatewayTimeout) injected at call %d", c.world.Calls)}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code := 1
		var e exit
		if errors.As(err, &e) {
			code = e.code
		}
		os.Exit(code)
	}
	if out != nil {
		fmt.Print(text(out))
	}
}

func (c *call) answer(name string) (any, error) {
	switch name {
	case "az":
		return c.az()
	case "curl":
		return c.curl()
	case "go":
		return c.sample()
	default:
		return c.lethe()
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

// log writes a line for each call: whether it changes anything, its number, and what was called.
func (c *call) log(name, mode string) {
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
	}{c.world.Calls, c.changes, name, c.args, mode})
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(f, string(line))
	if err := f.Close(); err != nil {
		panic(err)
	}
}
