// Package field reads what fields of forms hold: regions of a page of which is known what to expect.
package field
