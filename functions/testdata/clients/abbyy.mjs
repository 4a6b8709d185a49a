// What the client nodejs-ocr can do with the ABBYY Cloud OCR SDK, against another host. It asks for the state of a task every 5 seconds.
import OCR from "nodejs-ocr";

const { LETHE_URL: url, LETHE_APP: app, LETHE_SECRET: secret, DOCUMENT: picture } = process.env;
const client = new OCR(app, secret, url);

const call = (method, ...args) =>
  new Promise((resolve, reject) => client[method](...args, (error, result) => (error ? reject(error) : resolve(result.toString()))));

function expect(what, text, ...parts) {
  for (const part of parts) {
    if (!text.includes(part)) {
      throw new Error(`${what}: there is no ${JSON.stringify(part)} in ${text}`);
    }
  }
}

async function image() {
  expect("processImage", await call("processImage", { language: "English", exportFormat: "txt" }, picture), "\uFEFF", "document", "\r\n");
  expect("processImage", await call("processImage", { exportFormat: "xml" }, picture), "FineReader10-schema-v1.xml", "<charParams");
}

async function pages() {
  const taskId = await call("submitImage", picture);
  if ((await call("submitImage", { taskId }, picture)) !== taskId) {
    throw new Error("submitImage: the second picture is in a task of its own");
  }
  const text = await call("processDocument", { taskId, exportFormat: "txtUnstructured" });
  if (text.split("document").length !== 3) {
    throw new Error(`processDocument: of two pages there is ${text}`);
  }
}

async function field() {
  expect("processTextField", await call("processTextField", { language: "English", oneTextLine: true }, picture), 'xmlns="@link"', "document");
}

async function fields() {
  const settings = `<document xmlns="http://ocrsdk.com/schema/taskDescription-1.0.xsd"><page applyTo="0">
    <text id="first field" left="0" top="0" right="4000" bottom="4000"><language>English</language></text>
  </page></document>`;
  const taskId = await call("submitImage", picture);
  expect("processFields", await call("processFields", { taskId }, Buffer.from(settings)), "resultDescription-1.0.xsd", 'id="first field"', "document");
}

async function refused() {
  const said = await call("processImage", { language: "Klingon" }, picture).then(
    (text) => `the result ${text}`,
    (error) => error.message,
  );
  expect("a refusal", said, "language", "English");
}

await Promise.all([image(), pages(), field(), fields(), refused()]);
