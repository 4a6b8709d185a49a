package main

import (
	"context"
	"fmt"
	"os"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// placed is storage that knows the region that its deployment wrote on it.
type placed interface {
	// Region returns the region, empty if none was written.
	Region(ctx context.Context) (string, error)
}

// checkRegion compares the region of the settings with the one that Azure's platform reports and the one that the deployment
// wrote on the container. All that are known must agree.
func checkRegion(ctx context.Context, region string, store placed) error {
	platform := doctor.Witness{Who: "the platform", Says: os.Getenv("REGION_NAME")}
	if err := doctor.AgreeOnRegion(region, platform); err != nil {
		return err
	}
	written, err := store.Region(ctx)
	if err != nil {
		return fmt.Errorf("the region written on the container cannot be read: %w", err)
	}
	return doctor.AgreeOnRegion(region, platform, doctor.Witness{Who: "the container", Says: written})
}

// checkAWSRegion compares the region of the settings with AWS_REGION and the bucket's tag. On AWS both must name it; with
// emulators those that do must agree.
func checkAWSRegion(ctx context.Context, region string, store interface {
	placed
	Emulated() bool
}) error {
	place := doctor.PlaceAWS{Region: region, Platform: os.Getenv("AWS_REGION"), Emulated: true}
	if err := place.Check(); err != nil { // what is known without asking the bucket
		return err
	}
	place.Emulated = store.Emulated()
	var err error
	if place.Tag, err = store.Region(ctx); err != nil {
		return fmt.Errorf("the bucket's tag region cannot be read: %w", err)
	}
	return place.Check()
}
