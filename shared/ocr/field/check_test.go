package field_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

func TestRequestsThatCannotBeReadAreRefused(t *testing.T) {
	good := ocr.FieldRequest{
		ID: "Name of the holder", Page: 1, Kind: ocr.TextField, Box: ocr.Box{X0: -5, Y0: 2, X1: 30, Y1: 4}, Languages: []string{"eng"}, Letters: "AB ",
		Pattern: "[A-Z]+", Marking: ocr.Comb, Places: 8, Symbologies: []string{"EAN-13"}, Frame: ocr.SquareFrame,
	}
	if err := field.Check([]ocr.FieldRequest{good, {Kind: ocr.BarcodeField}, {Kind: ocr.CheckmarkField}}); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*ocr.FieldRequest){
		"page":       func(r *ocr.FieldRequest) { r.Page = -1 },
		"kind":       func(r *ocr.FieldRequest) { r.Kind = "" },
		"no area":    func(r *ocr.FieldRequest) { r.Box = ocr.Box{X0: 5, Y0: 5, X1: 5, Y1: 9} },
		"turned":     func(r *ocr.FieldRequest) { r.Box = ocr.Box{X0: 9, Y0: 5, X1: 5, Y1: 9} },
		"id":         func(r *ocr.FieldRequest) { r.ID = strings.Repeat("x", 1001) },
		"letters":    func(r *ocr.FieldRequest) { r.Letters = "a\x00b" },
		"pattern":    func(r *ocr.FieldRequest) { r.Pattern = "(" },
		"marking":    func(r *ocr.FieldRequest) { r.Marking = "dots" },
		"frame":      func(r *ocr.FieldRequest) { r.Frame = "star" },
		"places":     func(r *ocr.FieldRequest) { r.Places = math.MaxInt },
		"languages":  func(r *ocr.FieldRequest) { r.Languages = make([]string, 101) },
		"symbology":  func(r *ocr.FieldRequest) { r.Symbologies = []string{""} },
		"not UTF-8":  func(r *ocr.FieldRequest) { r.ID = "\xff" },
		"no numbers": func(r *ocr.FieldRequest) { r.Places = -1 },
	} {
		bad := good
		change(&bad)
		var wrong *field.RequestError
		if err := field.Check([]ocr.FieldRequest{good, bad}); !errors.As(err, &wrong) || wrong.Field != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := field.Check(make([]ocr.FieldRequest, field.Most+1)); err == nil {
		t.Error("any number of fields is taken")
	}
}

func TestRegionsStayOnThePage(t *testing.T) {
	for box, want := range map[ocr.Box]ocr.Box{
		{}:                               {X1: 100, Y1: 50},
		{X0: 10, Y0: 10, X1: 20, Y1: 20}: {X0: 10, Y0: 10, X1: 20, Y1: 20},
		{X0: math.MinInt, Y0: -1, X1: math.MaxInt, Y1: 9}: {X1: 100, Y1: 9},
		{X0: 200, Y0: 200, X1: 300, Y1: 300}:              {X0: 100, Y0: 50, X1: 100, Y1: 50},
	} {
		if got := field.Region(ocr.FieldRequest{Box: box}, 100, 50); got != want {
			t.Errorf("%v: %v, want %v", box, got, want)
		}
	}
}
