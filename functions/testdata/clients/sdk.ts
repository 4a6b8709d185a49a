// A task's life through the functions that @hey-api/openapi-ts makes of the description.
import { readFileSync } from "node:fs";
import { client } from "./generated/sdk/client.gen.js";
import { createTask, createTaskFromDocument, deleteTask, getReceipt, getResult, getTask } from "./generated/sdk/index.js";
import type { Task } from "./generated/sdk/index.js";

const { LETHE_URL: baseUrl = "", LETHE_APP: app = "", LETHE_SECRET: secret = "", DOCUMENT: file = "" } = process.env;
client.setConfig({ baseUrl, throwOnError: true, auth: ({ scheme }) => (scheme === "basic" ? `${app}:${secret}` : undefined) });
const scan = new Blob([readFileSync(file)]);
const throwOnError = true;

async function wait(id: string): Promise<Task> {
  for (;;) {
    const { data } = await getTask({ path: { id }, headers: { Prefer: "wait=60" }, throwOnError });
    if (data.state !== "Submitted" && data.state !== "Queued" && data.state !== "InProgress") {
      return data;
    }
  }
}

async function end(task: Task): Promise<void> {
  const { id, state, results = [] } = await wait(task.id);
  if (state !== "Completed") {
    throw new Error(state);
  }
  for (const { url, format } of results) {
    const linked = await (await fetch(url)).text();
    const streamed = await getResult({ path: { id, format }, query: { stream: true }, parseAs: "text", throwOnError });
    if (linked === "" || linked !== String(streamed.data)) {
      throw new Error(`the link gives ${linked.length} characters, the stream another text`);
    }
  }
  let gone: Task;
  do {
    gone = (await deleteTask({ path: { id }, throwOnError })).data;
  } while (gone.erased === undefined);
  const { data: receipt } = await getReceipt({ path: { id }, parseAs: "text", throwOnError });
  if (gone.state !== "Deleted" || !receipt.includes(id)) {
    throw new Error(`${gone.state}, with the receipt ${receipt}`);
  }
}

const { data: made } = await createTask({ body: { formats: ["txt"], languages: ["eng"], size: scan.size }, throwOnError });
if (made.upload === undefined) {
  throw new Error("there is no link to send the document to");
}
const { url, method, headers } = made.upload;
await fetch(url, { method, body: scan, ...(headers && { headers }) });
await end(made);

const { data: sent } = await createTaskFromDocument({
  body: scan,
  bodySerializer: null,
  headers: { "Content-Type": "application/octet-stream" },
  query: { formats: ["txt"], profile: "fast" },
  throwOnError,
});
await end(sent);
