package doctor

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Witness names the region of something that a stamp consists of.
type Witness struct {
	Who  string // "the platform", "the bucket's tag region"
	Says string // empty if it names none
	Must bool   // its silence is no agreement
}

// RegionName writes a region's name in one form: Azure says "West Europe" where its templates say westeurope.
func RegionName(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "")) }

// AgreeOnRegion holds the region of the settings against every witness. The error is for the person who deploys: it names who
// says what. It closes intake; deletion goes on, wherever the documents are.
func AgreeOnRegion(settings string, witnesses ...Witness) error {
	want := RegionName(settings)
	for _, w := range witnesses {
		switch says := RegionName(w.Says); {
		case says == "" && w.Must:
			return fmt.Errorf("%s names no region, LETHE_REGION says %s: deploy this stamp again with its own parameters", w.Who, want)
		case says != "" && says != want:
			return fmt.Errorf("%s says region %s, LETHE_REGION says %s: deploy this stamp again with its own parameters", w.Who, says, want)
		}
	}
	return nil
}

// agreement is AgreeOnRegion as a finding: unknown if nobody names a region.
func agreement(u unseen, c Check, settings string, witnesses []Witness) Finding {
	agree := 0
	for _, w := range witnesses {
		if w.Says != "" {
			agree++
		}
	}
	if err := AgreeOnRegion(settings, witnesses...); err != nil {
		return breach(c, "%v", err)
	}
	if agree == 0 {
		return u.unknown(c)
	}
	return fine(c, "%s by all that name one: %d", RegionName(settings), agree)
}

// PlaceAWS is what was seen of the place of a stamp on AWS.
type PlaceAWS struct {
	Region   string // of the settings
	Platform string // AWS_REGION; Lambda always sets it
	Tag      string // the bucket's tag "region", written by the deployment
	Location string // where S3 says that the bucket is; empty if it was not asked
	Emulated bool   // of loopback emulators nobody has to name a region
}

// regionOfAWS is how AWS writes regions, those of its partitions for China and governments included: eu-central-1, us-gov-west-1.
var regionOfAWS = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]{2,4})?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$`)

// ValidAWSRegion refuses what is not written as AWS writes regions, such as the default "local" and Azure's names. Whether AWS
// has such a region only AWS knows: AWS_REGION and the bucket say it.
func ValidAWSRegion(name string) error {
	if !regionOfAWS.MatchString(name) {
		return errors.New("LETHE_REGION must be a region of AWS such as eu-central-1")
	}
	return nil
}

// Check is the condition of intake on AWS: the settings name a region of AWS, and so do function, tag and bucket, the same one.
func (p PlaceAWS) Check() error {
	if err := ValidAWSRegion(p.Region); err != nil {
		return err
	}
	return AgreeOnRegion(p.Region, p.witnesses()...)
}

func (p PlaceAWS) witnesses() []Witness {
	return []Witness{
		{Who: "the platform (AWS_REGION)", Says: p.Platform, Must: !p.Emulated},
		{Who: "the bucket's tag region", Says: p.Tag, Must: !p.Emulated},
		{Who: "the bucket's location", Says: p.Location},
	}
}
