package task

import "strconv"

// Job is what a worker is asked to do: to process a task, or one part of a task whose document several workers read. Ids and
// numbers are all that it holds, so it may travel by any queue and be logged.
type Job struct {
	Task Ref
	Part int // counted from 1; 0 for the task itself
}

// Job asks for the task itself to be processed.
func (r Ref) Job() Job { return Job{Task: r} }

// String returns the task, and behind a slash the number of the part, if it is about one.
func (j Job) String() string {
	if j.Part == 0 {
		return j.Task.String()
	}
	return j.Task.String() + "/" + strconv.Itoa(j.Part)
}
