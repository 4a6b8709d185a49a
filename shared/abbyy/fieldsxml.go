package abbyy

// readSettings reads what processFields is to read.
func (d *decoder) readSettings([]byte) {
	d.details = append(d.details, Detail{detailValue, "The settings of fields cannot be read yet.", targetSettings})
}
