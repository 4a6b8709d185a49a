package doctor_test

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

func TestPlaceOnAWSIsNamedByAllAlike(t *testing.T) {
	here := doctor.PlaceAWS{Region: "eu-central-1", Platform: "eu-central-1", Tag: "eu-central-1", Location: "eu-central-1"}
	for _, tc := range []struct {
		name  string
		spoil func(*doctor.PlaceAWS)
		want  string // in the error; empty for none
	}{
		{"all agree", func(*doctor.PlaceAWS) {}, ""},
		{"function elsewhere", func(p *doctor.PlaceAWS) { p.Platform = "us-east-1" }, "AWS_REGION) says region us-east-1"},
		{"no function", func(p *doctor.PlaceAWS) { p.Platform = "" }, "AWS_REGION) names no region"},
		{"tag elsewhere", func(p *doctor.PlaceAWS) { p.Tag = "eu-west-1" }, "tag region says region eu-west-1"},
		{"no tag", func(p *doctor.PlaceAWS) { p.Tag = "" }, "tag region names no region"},
		{"bucket elsewhere", func(p *doctor.PlaceAWS) { p.Location = "us-east-1" }, "location says region us-east-1"},
		{"location not asked", func(p *doctor.PlaceAWS) { p.Location = "" }, ""},
		{"emulators name nothing", func(p *doctor.PlaceAWS) { *p = doctor.PlaceAWS{Region: "eu-central-1", Emulated: true} }, ""},
		{"emulator elsewhere", func(p *doctor.PlaceAWS) { p.Emulated, p.Tag = true, "us-east-1" }, "tag region says"},
		{"settings name none", func(p *doctor.PlaceAWS) { p.Region = "local" }, "LETHE_REGION must be a region of AWS"},
	} {
		p := here
		tc.spoil(&p)
		err := p.Check()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestRegionsAreWrittenAsAWSWritesThem(t *testing.T) {
	for name, valid := range map[string]bool{
		"eu-central-1": true, "eu-west-1": true, "us-east-1": true, "ap-southeast-2": true, "us-gov-west-1": true, "cn-north-1": true,
		"us-iso-east-1": true, "eusc-de-east-1": true, "": false, "local": false, "westeurope": false, "West Europe": false,
		"EU-CENTRAL-1": false, "eu-central-1a": false, "eu-central-1.evil.example": false, "eu-central": false,
	} {
		if err := doctor.ValidAWSRegion(name); (err == nil) != valid {
			t.Errorf("%q: %v", name, err)
		}
	}
}
