// Command standin takes the place of aws, and of what a stamp consists of, in tests of the scripts of AWS: see package standin. A
// command or flag outside its lists is a violation, which the tests look for. What it answers stands in its log, so that a test can
// compare it with what AWS describes.
package main

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

const (
	account = "000000000001"
	region  = "eu-central-1"
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
	for _, arg := range c.Args {
		if strings.Contains(arg, "PRIVATE+KEY") {
			c.Note("a signing key is an argument of " + c.Name)
		}
	}
	switch c.Name {
	case "aws":
		out, err := c.aws()
		if answer, ok := out.(object); ok {
			c.Logged = answer
		}
		return out, err
	case "curl":
		return c.Curl(c.reach)
	case "go":
		return c.Sample()
	default:
		return c.Lethe(c.reach, c.doctor)
	}
}

func address(stack string) string {
	return "https://" + strings.ReplaceAll(stack, "-", "") + ".lambda-url." + region + ".on.aws"
}

// reach returns the stamp whose function answers at an address.
func (c *call) reach(at string) (*standin.Stamp, string, int) {
	for name, s := range c.world.Stacks {
		path, ours := strings.CutPrefix(at, address(name))
		switch {
		case !ours:
			continue
		case !s.App.Runs(c.world.Seconds) || s.App.Program == "never-loads" || slices.Contains(s.App.Stopped, name+"-api"):
			return nil, path, 502
		default:
			return &standin.Stamp{Process: &s.App.Process, Service: &s.Tables, Events: true}, path, 200
		}
	}
	return nil, "", 0
}
