// Command main drives a task through its life with the client that oapi-codegen makes of the description.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"lethe.example/client/generated"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	signIn := func(_ context.Context, r *http.Request) error {
		r.SetBasicAuth(os.Getenv("LETHE_APP"), os.Getenv("LETHE_SECRET"))
		return nil
	}
	api, err := generated.NewClientWithResponses(os.Getenv("LETHE_URL"), generated.WithRequestEditorFn(signIn))
	if err != nil {
		return err
	}
	scan, err := os.ReadFile(os.Getenv("DOCUMENT"))
	if err != nil {
		return err
	}
	size := int64(len(scan))
	wanted := generated.CreateTaskJSONRequestBody{Formats: &[]generated.ResultFormat{generated.ResultFormatTxt}, Size: &size}
	made, err := api.CreateTaskWithResponse(ctx, &generated.CreateTaskParams{}, wanted)
	if err != nil {
		return err
	}
	if made.JSON201 == nil || made.JSON201.Upload == nil {
		return fmt.Errorf("%s: %s", made.Status(), made.Body)
	}
	if err := upload(ctx, made.JSON201.Upload, scan); err != nil {
		return err
	}
	if err := end(ctx, api, made.JSON201); err != nil {
		return err
	}
	settings := &generated.CreateTaskFromDocumentParams{Formats: &[]generated.ResultFormat{generated.ResultFormatTxt, generated.ResultFormatJson}}
	sent, err := api.CreateTaskFromDocumentWithBodyWithResponse(ctx, settings, "application/octet-stream", bytes.NewReader(scan))
	if err != nil {
		return err
	}
	if sent.JSON201 == nil {
		return fmt.Errorf("%s: %s", sent.Status(), sent.Body)
	}
	return end(ctx, api, sent.JSON201)
}

// fetch asks without credentials, as links want it.
func fetch(ctx context.Context, method, url string, body io.Reader, headers map[string]string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return "", err
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return string(text), err
}

func upload(ctx context.Context, to *generated.Link, document []byte) error {
	headers := map[string]string{}
	if to.Headers != nil {
		headers = *to.Headers
	}
	_, err := fetch(ctx, to.Method, to.Url, bytes.NewReader(document), headers)
	return err
}

// end waits for a task, fetches its results, erases it and looks at the receipt.
func end(ctx context.Context, api *generated.ClientWithResponses, task *generated.Task) error {
	hold := "wait=60"
	for task.State == generated.TaskStateSubmitted || task.State == generated.TaskStateQueued || task.State == generated.TaskStateInProgress {
		shown, err := api.GetTaskWithResponse(ctx, task.Id.String(), &generated.GetTaskParams{Prefer: &hold})
		if err != nil {
			return err
		}
		if task = shown.JSON200; task == nil {
			return fmt.Errorf("%s: %s", shown.Status(), shown.Body)
		}
	}
	if task.State != generated.TaskStateCompleted || task.Results == nil {
		return fmt.Errorf("the task is %s", task.State)
	}
	for _, result := range *task.Results {
		linked, err := fetch(ctx, http.MethodGet, result.Url, nil, nil)
		if err != nil {
			return err
		}
		stream := true
		streamed, err := api.GetResultWithResponse(ctx, task.Id.String(), result.Format, &generated.GetResultParams{Stream: &stream})
		if err != nil {
			return err
		}
		if linked == "" || linked != string(streamed.Body) {
			return fmt.Errorf("the link gives %q, the stream %q", linked, streamed.Body)
		}
	}
	return erase(ctx, api, task.Id.String())
}

func erase(ctx context.Context, api *generated.ClientWithResponses, id string) error {
	for {
		gone, err := api.DeleteTaskWithResponse(ctx, id)
		if err != nil {
			return err
		}
		if gone.JSON200 != nil {
			break
		}
		if gone.JSON202 == nil {
			return fmt.Errorf("%s: %s", gone.Status(), gone.Body)
		}
	}
	receipt, err := api.GetReceiptWithResponse(ctx, id)
	if err != nil {
		return err
	}
	if !strings.Contains(string(receipt.Body), id) {
		return fmt.Errorf("%s: %s", receipt.Status(), receipt.Body)
	}
	after, err := api.GetTaskWithResponse(ctx, id, nil)
	if err != nil {
		return err
	}
	if after.ApplicationproblemJSON410 == nil || after.ApplicationproblemJSON410.Code != generated.ErrorCodeTaskErased {
		return fmt.Errorf("an erased task is answered by %s", after.Status())
	}
	return nil
}
