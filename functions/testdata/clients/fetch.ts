// A task's life through the client that openapi-typescript and openapi-fetch make of the description.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/openapi.js";

type Task = components["schemas"]["Task"];

const { LETHE_URL: baseUrl = "", LETHE_APP: app = "", LETHE_SECRET: secret = "", DOCUMENT: file = "" } = process.env;
const api = createClient<paths>({
  baseUrl,
  headers: { Authorization: `Basic ${btoa(`${app}:${secret}`)}` },
  querySerializer: { array: { style: "form", explode: false } }, // lists with commas; the description is not there at run time
});
const scan = readFileSync(file);

function good<T>(answer: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (answer.error !== undefined) {
    throw new Error(`${answer.error.code}: ${answer.error.detail}`);
  }
  if (answer.data === undefined) {
    throw new Error("the answer is empty");
  }
  return answer.data;
}

async function wait(id: string): Promise<Task> {
  for (;;) {
    const task = good(await api.GET("/v1/tasks/{id}", { params: { path: { id }, header: { Prefer: "wait=60" } } }));
    switch (task.state) {
      case "Submitted":
      case "Queued":
      case "InProgress":
        continue;
      case "Completed":
      case "ProcessingFailed":
      case "Deleted":
        return task;
    }
  }
}

async function end(task: Task): Promise<void> {
  const done = await wait(task.id);
  if (done.state !== "Completed" || done.failure !== undefined) {
    throw new Error(`${done.state}: ${done.failure?.code}`);
  }
  for (const result of done.results ?? []) {
    const linked = await (await fetch(result.url)).text();
    const path = { id: done.id, format: result.format };
    const streamed = good(await api.GET("/v1/tasks/{id}/results/{format}", { params: { path, query: { stream: true } }, parseAs: "text" }));
    if (linked === "" || linked !== streamed) {
      throw new Error(`the link gives ${linked.length} characters, the stream another text`);
    }
  }
  const path = { id: done.id };
  let gone: Task;
  do {
    gone = good(await api.DELETE("/v1/tasks/{id}", { params: { path } }));
  } while (gone.erased === undefined);
  const receipt = good(await api.GET("/v1/tasks/{id}/receipt", { params: { path }, parseAs: "text" }));
  if (gone.state !== "Deleted" || gone.reason !== "delete-requested" || !receipt.includes(done.id)) {
    throw new Error(`${gone.state} for ${gone.reason}, with the receipt ${receipt}`);
  }
  const after = await api.GET("/v1/tasks/{id}", { params: { path } });
  if (after.error?.code !== "task_erased") {
    throw new Error("an erased task can be read");
  }
}

const made = good(await api.POST("/v1/tasks", { body: { formats: ["txt"], languages: ["eng"], size: scan.length }, params: { header: { "Idempotency-Key": "fetch" } } }));
if (made.upload === undefined) {
  throw new Error("there is no link to send the document to");
}
const { url, method, headers } = made.upload;
await fetch(url, { method, body: scan, ...(headers && { headers }) });
await end(made);

await end(
  good(
    await api.POST("/v1/tasks:document", {
      params: { query: { formats: ["txt", "json"], profile: "fast" } },
      body: scan,
      bodySerializer: (document) => document as BodyInit,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  ),
);
