// What both clients need: steps that are told one by one, and codes that a person brings from the browser.
//
// Written to standard output, one JSON object a line: {authorize: URL} asks for a code, which comes back as a
// line on standard input; {step, error} tells how a step went, error being null when it went well.

import { createInterface } from "node:readline";

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Where the server is, where messages are pushed to, and the names of two people. */
export const [origin, push, first, second] = process.argv.slice(2);
export const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";

const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");

/** Have somebody open an address, and return the code that they were shown. */
export async function codeFrom(url, who) {
  tell({ authorize: url, who });
  return (await input.next()).value.trim();
}

/** Do one step; those that follow are tried even if it fails. */
export async function step(name, work) {
  try {
    await work();
    tell({ step: name, error: null });
  } catch (trouble) {
    tell({ step: name, error: `${trouble?.stack ?? trouble} ${JSON.stringify(trouble?.response?.data ?? "")}` });
  }
}

/** Wait until something is so, for ten seconds at most. */
export async function eventually(look, what) {
  for (let turn = 0; turn < 100; turn += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`in vain waited for ${what}`);
}

/** A PNG of one red dot. */
export const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==",
  "base64",
);

/** The receiver's key and secret of RFC 8291, appendix A. */
export const KEYS = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};

/** Finish; open sockets of a client do not keep the process. */
export function done() {
  tell({ step: "done", error: null });
  process.exit(0);
}
