// Takes a document through its life: node out/example.js scan.pdf
import { readFileSync } from "node:fs";
import { Lethe, Refused } from "./client.js";

const { LETHE_URL: url = "", LETHE_APP: application = "", LETHE_SECRET: secret = "" } = process.env;
const lethe = new Lethe({ url, application, secret });

const { id } = await lethe.submit(new Blob([readFileSync(process.argv[2] ?? "scan.pdf")]), { languages: ["eng"], formats: ["txt"] });
const task = await lethe.follow(id);
if (task.state !== "Completed") {
  throw new Error(`${task.state}: ${task.failure?.code}`);
}
console.log(await (await lethe.result(id, "txt")).text());
console.log((await lethe.erase(id)).state);
console.log((await lethe.receipt(id)).includes(id) ? "with a receipt" : "without a receipt");
try {
  await lethe.follow(id);
} catch (error) {
  if (!(error instanceof Refused)) {
    throw error;
  }
  console.log(error.problem.code);
}
