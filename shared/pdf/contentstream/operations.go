package contentstream

// Operations calls yield for each operator of a content stream, with its operands as they are written, until it returns false.
// An inline image is one operator, BI, with its dictionary as the operand. The slice is valid until the next call.
func Operations(data []byte, yield func(operator string, operands []string) bool) {
	s := scanner{data: data}
	var operands []string
	for {
		op, ok := s.next()
		if !ok {
			return
		}
		operands = operands[:0]
		for _, o := range op.operands {
			operands = append(operands, string(data[o.start:o.end]))
		}
		if op.operator == "BI" {
			operands = append(operands[:0], inlineDictionary(data[op.start:op.end]))
		}
		if !yield(op.operator, operands) {
			return
		}
	}
}

// inlineDictionary returns the dictionary of an inline image as an object.
func inlineDictionary(image []byte) string {
	s := scanner{data: image, at: 2}
	for {
		s.space()
		if s.at >= len(image) {
			return "<<>>"
		}
		from := s.at
		if _, keyword := s.object(); keyword == "ID" {
			return "<<" + string(image[2:from]) + ">>"
		}
	}
}
