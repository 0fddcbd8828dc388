// The same consumer in Node: which tables can be given to guests now.
//
//   npm ci && node waitlist.mjs 127.0.0.1:8720 waitlist
//
// Prints one JSON line for every change. Nothing is committed before its effect, records that can never be read are
// passed over, repeated and older ones ignored, and Ctrl-C or SIGTERM leaves the group.

import { pathToFileURL } from "node:url";
import kafkajs from "kafkajs";

const TYPE = "tablewatch.table.state.v1";

/** Header text of a record; the last one of a name counts. */
export function header(headers, name) {
  const value = [headers?.[name]].flat().at(-1);
  return value === undefined ? undefined : value.toString();
}

/** {key, version, id, state} of a record; state null is a tombstone. Throws an Error with a code on what can never be read. */
export function read({ key, value, headers }) {
  if (header(headers, "ce_type") !== TYPE) throw refusal("unknown_version");
  const said = { key: key?.toString() ?? "", id: header(headers, "ce_id"), version: Number(header(headers, "ce_version")) };
  if (!said.id || !Number.isInteger(said.version)) throw refusal("missing_header");
  if (value === null) return { ...said, state: null };
  let state;
  try {
    state = JSON.parse(value.toString());
  } catch {
    throw refusal("not_json");
  }
  if (typeof state?.state !== "string" || typeof state.expires_at !== "string") throw refusal("wrong_schema");
  return { ...said, state }; // fields and states that we do not know are let through: v1 may grow
}

function refusal(code) {
  return Object.assign(new Error(code), { code });
}

/** What is known of each table. The version decides: a record that is delivered again changes nothing. */
export class Waitlist {
  versions = new Map();
  states = new Map();

  /** Whether this changed a live table. */
  take({ key, version, state }) {
    if (key.includes("@") || version <= (this.versions.get(key) ?? 0)) return false; // a run of a video, or nothing new
    this.versions.set(key, version);
    if (state === null) return this.states.delete(key); // a tombstone: the table is not there any more
    this.states.set(key, state);
    return true;
  }

  /** Tables that can be given away. A state past expires_at is unknown, whatever it said. */
  free(now) {
    const given = ([, each]) => each.state === "free" && Date.parse(each.expires_at) > now;
    return [...this.states].filter(given).map(([key]) => key).sort();
  }
}

function tell(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

async function main([bootstrap, group = "waitlist"]) {
  const kafka = new kafkajs.Kafka({ clientId: group, brokers: [bootstrap], logLevel: kafkajs.logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: group });
  const waitlist = new Waitlist();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => consumer.disconnect().then(() => process.exit(0)));
  await consumer.connect();
  await consumer.subscribe({ topic: "table.state", fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      try {
        const record = read(message);
        if (waitlist.take(record)) tell({ table: record.key, free: waitlist.free(Date.now()), because: record.id });
      } catch (error) {
        if (!error.code) throw error; // ours to mend: the record is read again
        tell({ skipped: `${topic}/${partition}/${message.offset}`, code: error.code });
      }
      await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(message.offset) + 1n) }]);
    },
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
