package client

import "time"

// ErrStalled is what a transfer ends with in which nothing moves.
var ErrStalled = errStalled

// SetStall changes how long a transfer may stand still.
func (c *Client) SetStall(d time.Duration) { c.stall = d }
