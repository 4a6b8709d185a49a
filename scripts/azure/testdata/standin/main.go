// Command standin takes the place of az, and of what a stamp consists of, in tests of the scripts of Azure: see package standin. A
// command or flag outside its lists is a violation, which the tests look for.
package main

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

// call is one call of the stand-in.
type call struct {
	*standin.Call
	world *model.World
}

func main() {
	world := &model.World{}
	standin.Take(world, func(c *standin.Call) (any, error) { return (&call{c, world}).answer() })
}

func (c *call) answer() (any, error) {
	switch c.Name {
	case "az":
		return c.az()
	case "curl":
		return c.Curl(c.reach)
	case "go":
		return c.Sample()
	default:
		return c.Lethe(c.reach, c.doctor)
	}
}

// reach returns the stamp whose app answers at an address, or why none does.
func (c *call) reach(address string) (*standin.Stamp, string, int) {
	for _, g := range c.world.Groups {
		if g.App == nil {
			continue
		}
		path, ours := strings.CutPrefix(address, "https://"+g.App.Name+".azurewebsites.net")
		switch {
		case !ours:
			continue
		case g.Private && !c.world.Inside:
			return nil, path, 403
		case !g.App.Runs(c.world.Seconds) || g.App.Program == "never-loads":
			return nil, path, 503
		default:
			return &standin.Stamp{Process: &g.App.Process, Service: &g.Tables, Events: g.Events}, path, 200
		}
	}
	return nil, "", 0
}

func (c *call) doctor() (any, error) {
	if slices.Contains(c.Args, "--help") {
		return "Check that the place\n", nil
	}
	g := c.world.Groups[c.Args[slices.Index(c.Args, "--resource-group")+1]]
	if g == nil || g.Resources[c.Args[slices.Index(c.Args, "--account")+1]].Type != "Microsoft.Storage/storageAccounts" {
		return nil, standin.Exit{Code: 1, Text: "lethe: nothing could be looked at"}
	}
	if g.Keeping {
		return "breach  blob-soft-delete\n", standin.Exit{Code: 1, Text: "lethe: 1 of 20 checks found a breach"}
	}
	return "ok  blob-soft-delete\n", nil
}
