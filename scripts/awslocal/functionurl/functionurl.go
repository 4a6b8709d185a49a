// Package functionurl stands for the function URL of a Lambda function on one machine: it makes an event of format 2.0 of each
// request, and an answer of what the function streams back. It enforces what the platform enforces and a plain proxy would
// not: the size of an event, Base64 for what is no text, names of headers in lower case with joined values, cookies apart, path
// and query as they were sent, the prelude of a streamed answer, and the longest duration.
//
// Where the platform's behaviour is not documented, the stand-in takes the one that asks more of the program.
package functionurl

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Limits of the platform.
const (
	MaxEvent    = 6 << 20   // bytes of an event, encoded
	MaxAnswer   = 200 << 20 // bytes of a streamed answer
	MaxDuration = 15 * time.Minute
	maxPrelude  = 64 << 10 // bytes; headers of an answer are far smaller
)

// ErrThrottled means that no instance is free and no other one may be started.
var ErrThrottled = errors.New("no instance of the function is free")

// Invoker carries out one invocation and returns what the function answers, as it comes.
type Invoker interface {
	Invoke(ctx context.Context, event []byte) (io.ReadCloser, error)
}

// Handler is the address of one function.
type Handler struct {
	Function Invoker
	Region   string
	Limit    time.Duration // longest duration; zero for that of the platform
	Now      func() time.Time
}

// Server serves the handler as the platform's front does, which waits for no request. It keeps idle connections for longer than Go's
// clients do: they would send into one that is just being closed, and no call that creates something is sent again.
func (h *Handler) Server() *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > MaxEvent { // none of it is read
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxEvent))
	if err != nil {
		refuseBody(w, err)
		return
	}
	event, err := h.event(r, body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequestException")
		return
	}
	if len(event) > MaxEvent {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException")
		return
	}
	limit := h.Limit
	if limit == 0 {
		limit = MaxDuration
	}
	ctx, done := context.WithTimeout(r.Context(), limit)
	defer done()
	answer, err := h.Function.Invoke(ctx, event)
	if err != nil {
		refuseFailed(w, ctx, err)
		return
	}
	defer answer.Close()
	h.relay(ctx, w, answer)
}

// relay sends a streamed answer to the client.
func (h *Handler) relay(ctx context.Context, w http.ResponseWriter, answer io.Reader) {
	head, body, err := readPrelude(answer)
	if err != nil {
		refuseFailed(w, ctx, err)
		return
	}
	head.write(w.Header())
	w.WriteHeader(head.StatusCode)
	out := http.NewResponseController(w)
	buffer := make([]byte, 32<<10)
	for sent := 0; ; {
		n, err := body.Read(buffer)
		sent += n
		if sent > MaxAnswer {
			panic(http.ErrAbortHandler) // as the platform cuts it off
		}
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return // the client has gone
			}
			_ = out.Flush() // likewise
		}
		if errors.Is(err, io.EOF) && ctx.Err() == nil {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the client must not take a part for the whole
		}
	}
}

// refuseFailed answers for a function that did not.
func refuseFailed(w http.ResponseWriter, ctx context.Context, err error) { //nolint:revive // the answer is what it is about
	switch {
	case errors.Is(err, ErrThrottled):
		refuse(w, http.StatusTooManyRequests, "TooManyRequestsException")
	case ctx.Err() != nil:
		refuse(w, http.StatusGatewayTimeout, "GatewayTimeoutException")
	default:
		refuse(w, http.StatusBadGateway, "InternalServerErrorException")
	}
}

// refuseBody answers a body that did not arrive as it should.
func refuseBody(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	var slow net.Error
	w.Header().Set("Connection", "close")
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException")
	case errors.As(err, &slow) && slow.Timeout():
		refuse(w, http.StatusRequestTimeout, "RequestTimeoutException")
	default:
		refuse(w, http.StatusBadRequest, "BadRequestException")
	}
}

// refuse answers as the platform, not the program.
func refuse(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", kind)
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"Message":%q}`, http.StatusText(status)) // the client may have gone
}

// event is the request as the function gets it.
func (h *Handler) event(r *http.Request, body []byte) ([]byte, error) {
	path, query, ok := rawTarget(r)
	if !ok {
		return nil, errors.New("a target without a path")
	}
	now := h.Now()
	source, _, _ := net.SplitHostPort(r.RemoteAddr) // always so
	headers, cookies := fold(r)
	headers["host"] = r.Host
	headers["x-forwarded-for"], headers["x-forwarded-proto"], headers["x-forwarded-port"] = source, "https", "443"
	id := fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(now.Unix()), now.Nanosecond())
	if len(body) > 0 {
		headers["content-length"] = strconv.Itoa(len(body))
	}
	e := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: path, RawQueryString: query, Cookies: cookies, Headers: headers,
		QueryStringParameters: parameters(query),
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: "anonymous", RequestID: id, APIID: "local", DomainName: "local.lambda-url." + h.Region + ".on.aws", DomainPrefix: "local",
			Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
	}
	if isText(r.Header) {
		e.Body = string(body) // what is no UTF-8 is replaced when it is encoded, as on the platform
	} else {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), len(body) > 0
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return bytes.TrimSpace(out.Bytes()), err
}

// rawTarget returns path and query as the client sent them. It is false for a target that has none, like "*".
func rawTarget(r *http.Request) (path, query string, ok bool) {
	target := r.RequestURI
	if r.URL.IsAbs() { // http://host/path
		_, target, _ = strings.Cut(target, "://")
		if i := strings.IndexAny(target, "/?"); i >= 0 {
			target = target[i:]
		} else {
			target = ""
		}
	}
	path, query, _ = strings.Cut(target, "?")
	if path == "" && r.URL.IsAbs() {
		path = "/"
	}
	return path, query, strings.HasPrefix(path, "/")
}

// fold joins the values of each header under its name in lower case, without those of one hop, and takes the cookies apart.
func fold(r *http.Request) (headers map[string]string, cookies []string) {
	headers = map[string]string{}
	for name, values := range r.Header {
		switch name = strings.ToLower(name); name {
		case "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect", "content-length":
		case "cookie":
			for _, v := range values {
				for one := range strings.SplitSeq(v, ";") {
					cookies = append(cookies, strings.TrimSpace(one))
				}
			}
		default:
			headers[name] = strings.Join(values, ",")
		}
	}
	return headers, cookies
}

// parameters are the query's, decoded, with values of one name joined.
func parameters(query string) map[string]string {
	values, _ := url.ParseQuery(query) // what can be read of it
	if len(values) == 0 {
		return nil
	}
	joined := map[string]string{}
	for name, all := range values {
		joined[name] = strings.Join(all, ",")
	}
	return joined
}

// isText reports whether a body of these headers travels as it is. Everything else travels in Base64.
func isText(header http.Header) bool {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")) // an empty one is no text
	if header.Get("Content-Encoding") != "" {
		return false
	}
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{"application/json", "application/javascript", "application/xml"}, kind)
}

// prelude is what a streamed answer begins with.
type prelude struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Cookies    []string          `json:"cookies"`
}

// readPrelude reads JSON and eight NUL bytes. What comes after them is the body.
func readPrelude(answer io.Reader) (prelude, io.Reader, error) {
	var head []byte
	end := make([]byte, 8)
	buffer := make([]byte, 4<<10)
	for {
		n, err := answer.Read(buffer)
		head = append(head, buffer[:n]...)
		if i := bytes.Index(head, end); i >= 0 {
			p, parseErr := parsePrelude(head[:i])
			rest := io.Reader(bytes.NewReader(head[i+len(end):]))
			if err == nil {
				rest = io.MultiReader(rest, answer)
			} else if !errors.Is(err, io.EOF) {
				return p, nil, err
			}
			return p, rest, parseErr
		}
		if err != nil || len(head) > maxPrelude {
			return prelude{}, nil, errors.Join(errors.New("the answer has no prelude"), err)
		}
	}
}

func parsePrelude(text []byte) (prelude, error) {
	var p prelude
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields() // the platform would ignore them, and what they say be lost
	if err := dec.Decode(&p); err != nil {
		return p, fmt.Errorf("the prelude is not of its form: %w", err)
	}
	if p.StatusCode < 200 || p.StatusCode > 599 {
		return p, fmt.Errorf("the prelude has status %d", p.StatusCode)
	}
	return p, nil
}

// remapped are headers that the platform sends under another name, since it sends its own. That of authentication is so behind
// an API gateway; a client must do without it here too.
func remapped() []string {
	return []string{"content-length", "connection", "date", "server", "www-authenticate"}
}

func (p prelude) write(to http.Header) {
	for name, value := range maps.All(p.Headers) {
		if slices.Contains(remapped(), strings.ToLower(name)) {
			name = "X-Amzn-Remapped-" + name
		}
		if !strings.EqualFold(name, "Transfer-Encoding") {
			to.Set(name, value)
		}
	}
	for _, c := range p.Cookies {
		to.Add("Set-Cookie", c)
	}
	if to.Get("Content-Type") == "" {
		to.Set("Content-Type", "application/octet-stream")
	}
}
