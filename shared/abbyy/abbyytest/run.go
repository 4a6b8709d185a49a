package abbyytest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Run holds a service to the documentation of both versions. Each step has a name, so that one can be run alone.
func Run(t *testing.T, s Service) {
	t.Helper()
	if s.Transport == nil {
		transport := plain()
		t.Cleanup(transport.CloseIdleConnections)
		s.Transport = transport
	}
	for _, v := range versions() {
		t.Run(v.name, func(t *testing.T) {
			for _, step := range []struct {
				name string
				does func(*client)
			}{
				{"life of a task", (*client).life},
				{"several files", (*client).files},
				{"names in any case", (*client).anyCase},
				{"doubled slash", (*client).slashes},
				{"credentials", (*client).credentials},
				{"bodies of uploads", (*client).bodies},
				{"formats", (*client).formats},
				{"results", (*client).results},
				{"lists", (*client).lists},
				{"deletion", (*client).deletion},
				{"fields", (*client).fields},
				{"refusals", (*client).refusals},
				{"unknown methods", (*client).unknown},
				{"application", (*client).application},
			} {
				t.Run(step.name, func(t *testing.T) { step.does(&client{Service: s, version: v, t: t}) })
			}
		})
	}
}

// part runs a part of a step, so that others go on if it fails.
func (c *client) part(name string, does func(*client)) {
	c.t.Run(name, func(t *testing.T) { does(&client{Service: c.Service, version: c.version, t: t}) })
}

// life takes a picture through processImage.
func (c *client) life() {
	const text = `a "b" <c> & ä`
	began := time.Now().Add(-24 * time.Hour) // clocks may differ
	first := c.one(c.upload("processImage?language=English&exportFormat=txt&description="+url.QueryEscape(text)), "Queued")
	if first.Files != 1 || first.Description != text || first.Registered.Before(began) {
		c.t.Errorf("the first answer is %+v", first)
	}
	last := c.ended(first.ID, "Completed")
	if last.ID != first.ID || last.Description != text || !last.Registered.Equal(first.Registered) || len(last.Links) != 1 {
		c.t.Errorf("it was %+v, and became %+v", first, last)
	}
	if again := c.one(get("getTaskStatus?taskId=" + first.ID)); !slices.Equal(again.Links, last.Links) {
		c.t.Errorf("the link changed from %q to %q", last.Links, again.Links)
	}
}

// files submits two, which are one document.
func (c *client) files() {
	first := c.one(c.upload("submitImage"), "Submitted")
	second := c.one(c.upload("submitImage?taskId="+first.ID), "Submitted")
	if first.Files != 1 || second.Files != 2 || second.ID != first.ID {
		c.t.Errorf("with one file %+v, with two %+v", first, second)
	}
	begun := c.one(c.changing("processDocument?taskId="+first.ID+"&exportFormat=xml"), "Queued")
	if begun.Files != 2 {
		c.t.Errorf("begun: %+v", begun)
	}
	if done := c.ended(first.ID, "Completed"); done.Files != 2 {
		c.t.Errorf("done: %+v", done)
	}
	c.refusedAs(c.upload("submitImage?taskId="+first.ID), c.refused)
}

func (c *client) anyCase() {
	t := c.one(c.upload("PROCESSIMAGE?LANGUAGE=english&exportformat=TXT&correctSkew=True&PDF%3aWRITETAGS=DontWrite&letterSet=&pdfPassword="), "Queued")
	c.one(get("gettaskstatus?TASKID=" + strings.ToUpper(t.ID)))
	c.ended(t.ID, "Completed")
	c.tasks(get("listfinishedtasks?"))
}

// slashes are doubled by clients whose base address ends in one.
func (c *client) slashes() {
	if c.Slashes == "" {
		c.t.Skip("the host does not let such paths through")
	}
	c.tasks(request{verb: http.MethodGet, base: c.Slashes + c.prefix + "//", method: "listFinishedTasks"})
}

func (c *client) credentials() {
	for name, header := range map[string]string{"none": "", "wrong ones": "Basic YTpi", "other kind": "Digest a", "no base64": "Basic %"} {
		r := get("listFinishedTasks")
		r.header = map[string]string{"Authorization": header}
		status, got, body := c.send(r)
		if _, err := c.refusal(got, body); status != 401 || err != nil || !strings.HasPrefix(strings.ToLower(got.Get("WWW-Authenticate")), "basic realm=") {
			c.t.Errorf("%s: %d with the challenge %q, %v: %.500s", name, status, got.Get("WWW-Authenticate"), err, body)
		}
	}
	for _, scheme := range []string{"basic ", "Basic: ", "BASIC  "} {
		r := get("listFinishedTasks")
		r.header = map[string]string{"Authorization": scheme + basic(c.User, c.Password)}
		c.tasks(r)
	}
	r := get("listFinishedTasks") // an installation of a mobile application
	r.header = map[string]string{"Authorization": "Basic " + basic(c.User+"#6f9619ff-8b86-d011-b42d-00cf4fc964ff", c.Password)}
	c.tasks(r)
	r = c.upload("processImage") // as the .NET client does: all of it without credentials first
	r.header = map[string]string{"Authorization": ""}
	c.refusedAs(r, 401)
}

// lists of tasks.
func (c *client) lists() {
	done := c.one(c.upload("processImage?exportFormat=txt"), "Queued")
	c.ended(done.ID, "Completed")
	waiting := c.one(c.upload("submitImage"), "Submitted")
	has := func(method, id string) bool {
		tasks := c.tasks(get(method))
		for i := range tasks {
			if i > 0 && tasks[i].Changed.Before(tasks[i-1].Changed) {
				c.t.Errorf("%s is not in order", method)
			}
			if method == "listFinishedTasks" && !slices.Contains([]string{"Completed", "ProcessingFailed", "NotEnoughCredits"}, tasks[i].Status) {
				c.t.Errorf("%s counts as finished", tasks[i].Status)
			}
		}
		return slices.ContainsFunc(tasks, func(t Task) bool { return t.ID == id })
	}
	const layout = "2006-01-02T15:04:05Z"
	from, to := done.Registered.Add(-time.Hour).Format(layout), done.Registered.Add(time.Hour).Format(layout)
	for method, want := range map[string][2]bool{
		"listTasks":         {true, true},
		"listFinishedTasks": {true, false},
		"listTasks?fromDate=" + from + "&toDate=" + to:                    {true, true},
		"listTasks?fromDate=2001-01-01T00:00:00Z&toDate=" + from:          {false, false},
		"listTasks?excludeDeleted=TRUE&fromDate=" + url.QueryEscape(from): {true, true},
	} {
		if got := [2]bool{has(method, done.ID), has(method, waiting.ID)}; got != want {
			c.t.Errorf("%s lists the completed task and the one that waits: %v, want %v", method, got, want)
		}
	}
}

// deletion can be repeated, and is seen.
func (c *client) deletion() {
	t := c.one(c.upload("processImage?exportFormat=txt"), "Queued")
	done := c.ended(t.ID, "Completed")
	for range 2 {
		if gone := c.one(c.changing("deleteTask?taskId="+t.ID), "Deleted"); gone.ID != t.ID {
			c.t.Errorf("deleted %+v", gone)
		}
	}
	c.one(get("getTaskStatus?taskId="+t.ID), "Deleted")
	listed := func(method string) bool {
		return slices.ContainsFunc(c.tasks(get(method)), func(l Task) bool { return l.ID == t.ID })
	}
	if !listed("listTasks") || listed("listTasks?excludeDeleted=true") || listed("listFinishedTasks") {
		c.t.Error("a deleted task is missing in the list of all, or stands in another")
	}
	if status, _, _ := c.fetch(http.MethodGet, done.Links[0], nil); status != 404 && status != 403 {
		c.t.Errorf("the link of a deleted task answers %d", status)
	}
	waiting := c.one(c.upload("submitImage"), "Submitted")
	c.one(c.changing("deleteTask?taskId="+waiting.ID), "Deleted")
	c.refusedAs(c.upload("submitImage?taskId="+waiting.ID), c.refused)
	c.refusedAs(c.changing("processDocument?taskId="+waiting.ID), c.refused)
}

// unknown methods, and those that were withdrawn, are answered alike.
func (c *client) unknown() {
	methods := []string{"processReceipt", "processPhotoId", "processRemoteImage", "activateNewInstallation"}
	if c.prefix != "" { // else another interface may have what is not one of these
		methods = append(methods, "noSuchMethod")
	}
	for _, method := range methods {
		status, header, body := c.send(get(method))
		if _, err := c.refusal(header, body); status != 404 || err != nil {
			c.t.Errorf("%s: %d, %v: %.500s", method, status, err, body)
		}
	}
}

// application information is off unless it was enabled.
func (c *client) application() {
	status, header, body := c.send(get("getApplicationInfo"))
	if status == 403 {
		if _, err := c.refusal(header, body); err != nil {
			c.t.Error(err)
		}
		return
	}
	var order []string
	if c.name == "v1" {
		order = []string{`<info xmlns="http://ocrsdk.com/schema/appInfo-1.0.xsd"><application><id>`, "</id><displayName>", "</displayName><pages>", "</pages><fields>", "</fields><expires>", "</expires><type>Normal</type>"}
	} else {
		order = []string{`{"id":"`, `","displayName":"`, `","pages":`, `,"fields":`, `,"expires":"`, `Z","type":"Normal"}`}
	}
	at := 0
	for _, part := range order {
		next := strings.Index(string(body[at:]), part)
		if status != 200 || next < 0 {
			c.t.Fatalf("%d without %s: %s", status, part, body)
		}
		at += next + len(part)
	}
}

// refusals of wrong requests, as the tests of the vendor's own libraries check them.
func (c *client) refusals() {
	const unknown = "0198c0de-1234-7abc-8def-0123456789ab"
	for _, test := range []struct {
		r              request
		detail, target string
	}{
		{get("getTaskStatus?taskId=" + unknown), "InvalidParameterValue", "TaskId"},
		{get("getTaskStatus?taskId=nothing"), "InvalidParameterValue", "TaskId"},
		{get("getTaskStatus"), "MissingArgument", "TaskId"},
		{get("getTaskStatus?taskId="), "MissingArgument", "TaskId"},
		{c.changing("deleteTask"), "MissingArgument", "TaskId"},
		{c.changing("deleteTask?taskId=" + unknown), "InvalidParameterValue", "TaskId"},
		{c.changing("processDocument?exportFormat=txt"), "MissingArgument", "TaskId"},
		{c.upload("submitImage?taskId=" + unknown), "InvalidParameterValue", "TaskId"},
		{c.upload("processBarcodeField?region=some_invalid_region"), "InvalidParameterValue", "Region"},
		{c.upload("processTextField?placeholdersCount=0"), "InvalidParameterValue", "PlaceholdersCount"},
		{c.upload("processCheckmarkField?checkmarkType=star"), "InvalidParameterValue", "CheckmarkType"},
		{c.upload("processImage?language=ChineseSimplified"), "InvalidParameterValue", "Language"},
		{c.upload("processImage?profile=none"), "InvalidParameterValue", "Profile"},
		{c.upload("processImage?exportFormat=html"), "InvalidParameterValue", "ExportFormat"},
		{c.upload("processImage?exportFormat=txt,rtf,xml,docx"), "InvalidParameterValue", "ExportFormat"},
		{c.upload("processBusinessCard?exportFormat=txt"), "InvalidParameterValue", "ExportFormat"},
		{c.upload("processImage?description=" + strings.Repeat("d", 256)), "InvalidParameterValue", "Description"},
		{get("listTasks?fromDate=yesterday"), "InvalidParameterValue", "FromDate"},
		{get("listTasks?fromDate=2026-01-02T00:00:00Z&toDate=2026-01-01T00:00:00Z"), "ConflictingParameters", "FromDate"},
		{request{verb: http.MethodPost, method: "processImage"}, "MissingArgument", "File"},
		{request{verb: http.MethodPost, method: "submitImage", body: strings.NewReader(""), length: 0}, "MissingArgument", "File"},
		{request{
			verb: http.MethodPost, method: "processImage", header: map[string]string{"Content-Type": "multipart/form-data; boundary=b"},
			body: strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno file\r\n--b--\r\n"), length: -1,
		}, "MissingArgument", "File"},
	} {
		got := c.refusedAs(test.r, c.refused)
		if c.name == "v2" && (got.Code != "InvalidArgument" || got.Detail != test.detail || got.Target != test.target) {
			c.t.Errorf("%s: %+v, want %s of %s", test.r.method, got, test.detail, test.target)
		}
	}
	text := "Plain text is no picture."
	got := c.refusedAs(request{verb: http.MethodPost, method: "processImage", body: strings.NewReader(text), length: int64(len(text))}, c.unread)
	if c.name == "v2" && got.Code != "FileFormatUnsupported" {
		c.t.Errorf("plain text: %+v", got)
	}
	if c.name == "v2" {
		if got := c.refusedAs(get("listTasks?fromDat=2026-01-01"), c.refused); got.Detail != "InvalidParameterName" {
			c.t.Errorf("an unknown name: %+v", got)
		}
		return
	}
	c.tasks(get("listTasks?fromDat=2026-01-01"))
}
