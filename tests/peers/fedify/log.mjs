// What the peer says about us: to standard error for people, and kept for the driver, which shows it
// when a test fails and reads it for warnings.
import { AsyncLocalStorage } from "node:async_hooks";
import { configureSync, getLogger } from "@logtape/logtape";

const RECORDS_MAX = 2000; // a run of the tests writes some hundreds; the oldest go first

const records = [];

function plain(value) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof URL) return value.href;
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value); // cyclic
  }
}

function sink(record) {
  const line = {
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    category: record.category.join("."),
    message: record.message.map(plain).join(""),
  };
  records.push(line);
  if (records.length > RECORDS_MAX) records.shift();
  process.stderr.write(`${line.time} ${line.level} ${line.category} ${line.message.slice(0, 2000)}\n`);
}

configureSync({
  contextLocalStorage: new AsyncLocalStorage(), // Fedify notes the request in it
  sinks: { peer: sink },
  loggers: [
    { category: "fedify", sinks: ["peer"], lowestLevel: process.env.PEER_LOG_LEVEL ?? "info" },
    { category: "peer", sinks: ["peer"], lowestLevel: "info" },
    { category: ["logtape", "meta"], sinks: ["peer"], lowestLevel: "warning" },
  ],
});

export const log = getLogger(["peer"]);

export function logRecords() {
  return records;
}
