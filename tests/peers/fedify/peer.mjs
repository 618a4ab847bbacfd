// A Fedify server with one person, for fedi's tests to federate with.
//
//     node peer.mjs --address 127.0.2.3 --port 0 --cert cert.pem --key key.pem --state DIR
//
// Prints one line of JSON to standard output once it listens: {"origin", "handle", "control"}. It ends when
// standard input does, so that it does not outlive the test that started it.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { parseArgs } from "node:util";
import { getRequestListener, serve } from "@hono/node-server";
import { buildFederation, NAME } from "./alice.mjs";
import { buildControl } from "./control.mjs";
import { log } from "./log.mjs";
import { loadKeyPairs, State } from "./state.mjs";

const { values: options } = parseArgs({
  options: {
    address: { type: "string" },
    port: { type: "string", default: "0" },
    cert: { type: "string" },
    key: { type: "string" },
    state: { type: "string" },
  },
});

const state = new State();
const keyPairs = await loadKeyPairs(options.state);

// The origin holds the port, and the port is known once we listen; nobody knows us before that.
let federation;
const server = createServer(
  { cert: readFileSync(options.cert), key: readFileSync(options.key) },
  getRequestListener((request) => face(request)),
);
await new Promise((resolve) => server.listen(Number(options.port), options.address, resolve));
const origin = `https://${options.address}:${server.address().port}`;
federation = buildFederation({ origin, keyPairs, state });

const control = buildControl({ state, context: () => federation.createContext(new URL(origin), undefined) });
serve({ fetch: control.fetch, hostname: "127.0.0.1", port: 0 }, (info) => {
  const handle = `@${NAME}@${new URL(origin).host}`;
  process.stdout.write(JSON.stringify({ origin, handle, control: `http://127.0.0.1:${info.port}` }) + "\n");
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", () => process.exit(0));

async function face(request) {
  const url = new URL(request.url);
  const image = url.pathname.startsWith("/images/") ? state.images.get(url.pathname.slice(8)) : null;
  if (image != null) return new Response(image.bytes, { headers: { "Content-Type": image.mediaType } });
  const document = request.method === "GET" ? state.documents.get(url.pathname) : null;
  if (document != null) {
    const headers = { "Content-Type": "application/activity+json" };
    return new Response(JSON.stringify(document), { status: document.type === "Tombstone" ? 410 : 200, headers });
  }
  const entry = request.method === "POST" ? await note(request) : null;
  const response = await federation.fetch(request, { contextData: undefined });
  if (entry != null) {
    entry.status = response.status;
    if (!response.ok) entry.answer = await response.clone().text();
    const level = response.ok ? "info" : "warn";
    log[level]("answered {status} to {type} {id}", {
      status: entry.status, type: entry.json?.type, id: entry.json?.id,
    });
    state.changed();
  }
  return response;
}

// Keep what was posted before Fedify reads it: its typed objects drop the terms that they do not know.
async function note(request) {
  const text = await request.clone().text();
  const entry = {
    path: new URL(request.url).pathname,
    signedWith: request.headers.has("signature-input") ? "rfc9421" : request.headers.has("signature") ? "cavage" : null,
    json: null,
    status: null,
  };
  try {
    entry.json = JSON.parse(text);
  } catch {
    log.warn("a POST without JSON: {text}", { text: text.slice(0, 200) });
  }
  state.requests.push(entry);
  return entry;
}
