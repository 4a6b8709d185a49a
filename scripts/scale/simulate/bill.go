package simulate

// FlexPrice is what Azure charges for instances, in dollars.
type FlexPrice struct {
	OnDemand, ReadyBusy, ReadyIdle float64 // a GB-second
	Execution                      float64 // one
}

// LambdaPrice is what AWS charges for instances, in dollars.
type LambdaPrice struct {
	OnDemand  float64 // a GB-second
	Execution float64 // one
}

// StoragePrice is what a cloud charges for one call, in dollars, the record that it writes of it included.
type StoragePrice struct{ Read, Write, Record, Message float64 }

// Bill sums up what work costs, in dollars.
type Bill struct {
	Compute    float64
	Executions float64
	Storage    float64
	Seconds    float64 // of instances that were charged
	Died       int     // instances
}

// Total is the sum in dollars.
func (b *Bill) Total() float64 { return b.Compute + b.Executions + b.Storage }
