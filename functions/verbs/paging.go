package verbs

// eachPage calls show for every page of a list, which says what cursor the next page is behind: none on the last.
func eachPage(show func(after string) (next string, err error)) error {
	for after := ""; ; {
		next, err := show(after)
		if err != nil || next == "" || next == after {
			return err
		}
		after = next
	}
}
