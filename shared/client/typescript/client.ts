// A client of Lethe: every operation of the server, with types that are made of its description, and beside them what programs do most.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./openapi.js";

export type { components, operations, paths } from "./openapi.js";
export type Task = components["schemas"]["Task"];
export type Settings = components["schemas"]["SettingsInput"];
export type Problem = components["schemas"]["Problem"];

/** Where the server is and who asks. */
export interface Options {
  /** Address of the server: https, or http on this machine itself. */
  url: string;
  application: string;
  secret: string;
}

/** The server refused, with a code on which programs can rely. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = "Refused";
  }
}

/** The storage behind a link refused it. */
export class LinkRefused extends Error {
  constructor(readonly status: number) {
    super(`the link was refused with status ${status}`);
    this.name = "LinkRefused";
  }
}

export class Lethe {
  /** Every operation of the server. An answer has data or error. */
  readonly api: Client<paths>;

  constructor({ url, application, secret }: Options) {
    const at = new URL(url);
    const here = ["localhost", "127.0.0.1", "[::1]"].includes(at.hostname);
    if (at.protocol !== "https:" && !(at.protocol === "http:" && here)) {
      throw new TypeError("plain http would carry documents and secrets in the clear: use https");
    }
    this.api = createClient<paths>({
      baseUrl: url.replace(/\/$/, ""),
      headers: { Authorization: `Basic ${btoa(`${application}:${secret}`)}` },
      querySerializer: { array: { style: "form", explode: false } },
      redirect: "error", // credentials go where they were meant to go
    });
  }

  /** Makes a task and sends its document. The same key finds the same task again. */
  async submit(document: Blob, settings: Omit<Settings, "size"> = {}, key: string = crypto.randomUUID()): Promise<Task> {
    const body = { ...settings, size: document.size };
    const task = good(await this.api.POST("/v1/tasks", { body, params: { header: { "Idempotency-Key": key } } }));
    if (task.upload !== undefined) {
      const { url, method, headers } = task.upload;
      const sent = await fetch(url, { method, body: document, redirect: "error", ...(headers && { headers }) });
      await sent.body?.cancel();
      if (!sent.ok) {
        throw new LinkRefused(sent.status);
      }
    }
    return task;
  }

  /** Waits until a task is over: completed, failed or deleted. The server holds its answers meanwhile. */
  async follow(id: string, signal?: AbortSignal): Promise<Task> {
    for (;;) {
      const params = { path: { id }, header: { Prefer: "wait=60" } };
      const task = good(await this.api.GET("/v1/tasks/{id}", { params, ...(signal && { signal }) }));
      if (task.state === "Completed" || task.state === "ProcessingFailed" || task.state === "Deleted") {
        return task;
      }
    }
  }

  /** Fetches a result of a completed task. */
  async result(id: string, format: NonNullable<Task["results"]>[number]["format"]): Promise<Blob> {
    const params = { path: { id, format }, query: { stream: true } };
    return good(await this.api.GET("/v1/tasks/{id}/results/{format}", { params, parseAs: "blob" })) as Blob;
  }

  /** Deletes a task, and comes back when no copy of its document is left. */
  async erase(id: string): Promise<Task> {
    for (;;) {
      const task = good(await this.api.DELETE("/v1/tasks/{id}", { params: { path: { id } } }));
      if (task.erased !== undefined) {
        return task;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000)); // a worker has to let go
    }
  }

  /** Fetches the signed receipt of an erased task, which `lethe verify` checks without the server. */
  async receipt(id: string): Promise<string> {
    return good(await this.api.GET("/v1/tasks/{id}/receipt", { params: { path: { id } }, parseAs: "text" }));
  }
}

/** Takes the data of an answer, or throws what the server refused with. */
export function good<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.error !== undefined) {
    throw new Refused(answer.error);
  }
  if (answer.data === undefined) {
    throw new Error("the answer is empty");
  }
  return answer.data;
}
