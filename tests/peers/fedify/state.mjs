// What the peer remembers: in memory for one test, but for its keys, which outlive a restart.
// A peer that came back with another key would be refused by everyone who had seen the first.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJwk, generateCryptoKeyPair, importJwk } from "@fedify/fedify";

const ALGORITHMS = ["RSASSA-PKCS1-v1_5", "Ed25519"];

export class State {
  followers = new Map(); // actor IRI → Recipient
  following = new Map(); // actor IRI → { follow: id of the Follow, accepted, rejected, actor }
  notes = new Map(); // id within our path → Note, or Tombstone once deleted
  images = new Map(); // file name → { bytes, mediaType }
  documents = new Map(); // path → document served there as it is
  sent = new Set(); // ids of activities that a test had her send
  profile = {}; // what alice says of herself beside her name
  received = []; // verified activities, in the order in which they came
  requests = []; // every POST to an inbox with what was answered, verified or not
  #waiting = [];

  // The driver waits for what happens here instead of asking every tenth of a second.
  changed() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async until(predicate, timeoutMs) {
    const end = Date.now() + timeoutMs;
    while (!predicate()) {
      const left = end - Date.now();
      if (left <= 0) return false;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return true;
  }
}

export async function loadKeyPairs(directory) {
  mkdirSync(directory, { recursive: true });
  const pairs = [];
  for (const algorithm of ALGORITHMS) {
    const path = join(directory, `${algorithm}.jwk.json`);
    if (!existsSync(path)) {
      const made = await generateCryptoKeyPair(algorithm);
      const jwks = {
        publicKey: await exportJwk(made.publicKey),
        privateKey: await exportJwk(made.privateKey),
      };
      writeFileSync(path, JSON.stringify(jwks), { mode: 0o600 });
    }
    const stored = JSON.parse(readFileSync(path, "utf8"));
    pairs.push({
      publicKey: await importJwk(stored.publicKey, "public"),
      privateKey: await importJwk(stored.privateKey, "private"),
    });
  }
  return pairs;
}
