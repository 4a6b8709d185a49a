package abbyy

import "net/http"

// Answer is a response: send it at once, with its length.
type Answer struct {
	Status    int
	MediaType string
	Body      []byte
}

// NotHonoured is the header that tells Call.Unmet, with commas between: the bodies have no room for it.
const NotHonoured = "Parameters-Not-Honoured"

// Task answers with one task. The status is exactly 200, as for every success.
func (v Version) Task(t Task) Answer {
	if v == V1 {
		return xmlAnswer(http.StatusOK, taskXML([]Task{t}))
	}
	return jsonAnswer(http.StatusOK, taskJSON(t))
}

// Tasks answers with a list.
func (v Version) Tasks(list []Task) Answer {
	if v == V1 {
		return xmlAnswer(http.StatusOK, taskXML(list))
	}
	return jsonAnswer(http.StatusOK, listJSON(list))
}

// Application answers getApplicationInfo.
func (v Version) Application(a Application) Answer {
	if v == V1 {
		return xmlAnswer(http.StatusOK, applicationXML(a))
	}
	return jsonAnswer(http.StatusOK, applicationJSON(a))
}

// Refuse answers with a refusal.
func (v Version) Refuse(r *Refusal) Answer {
	if v == V1 {
		return xmlAnswer(r.Status, errorXML(r.Message))
	}
	return jsonAnswer(r.Status, errorJSON(r))
}
