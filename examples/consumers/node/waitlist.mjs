// The same consumer in Node: which tables can be given to guests now.
//
//   npm ci && node waitlist.mjs 127.0.0.1:8720 waitlist
//
// Prints one JSON line for every change: of a live table with the tables that are free now, of a table in a run of an
// uploaded video (all that the demo has) with its state alone. Nothing is committed before its effect, records that cannot be decoded are
// skipped, redelivered and older ones ignored, and Ctrl-C or SIGTERM leaves the group.

import { pathToFileURL } from "node:url";
import kafkajs from "kafkajs";

const TYPE = "tablewatch.table.state.v1";

/** Header text of a record; the last one of a name counts. */
export function header(headers, name) {
  const value = [headers?.[name]].flat().at(-1);
  return value === undefined ? undefined : value.toString();
}

/** {key, version, id, state} of a record; state null is a tombstone. Throws an Error with a code on what cannot be decoded. */
export function read({ key, value, headers }) {
  if (header(headers, "ce_type") !== TYPE) throw refusal("unknown_version");
  const record = { key: key?.toString() ?? "", id: header(headers, "ce_id"), version: Number(header(headers, "ce_version")) };
  if (!record.id || !Number.isInteger(record.version)) throw refusal("missing_header");
  if (value === null) return { ...record, state: null };
  let state;
  try {
    state = JSON.parse(value.toString());
  } catch {
    throw refusal("not_json");
  }
  if (typeof state?.state !== "string" || typeof state.expires_at !== "string") throw refusal("wrong_schema");
  return { ...record, state }; // fields and states that we do not know are accepted: v1 may grow
}

function refusal(code) {
  return Object.assign(new Error(code), { code });
}

/** The newest state of each table. The version decides: a redelivered record changes nothing. */
export class Waitlist {
  versions = new Map();
  states = new Map();

  /** Whether this changed a table. Those of runs are kept apart: they never change what is free. */
  apply({ key, version, state }) {
    if (version <= (this.versions.get(key) ?? 0)) return false; // redelivered, or late
    this.versions.set(key, version);
    if (isOfARun(key)) return state !== null;
    if (state === null) return this.states.delete(key); // a tombstone: the table was deleted
    this.states.set(key, state);
    return true;
  }

  /** Tables that can be given away. A state past expires_at counts as unknown. */
  free(now) {
    const given = ([, each]) => each.state === "free" && Date.parse(each.expires_at) > now;
    return [...this.states].filter(given).map(([key]) => key).sort();
  }
}

/** Keys are `table_id` for live tables, `table_id@run_id` in a run of an uploaded video. */
function isOfARun(key) {
  return key.includes("@");
}

/** The line to print of a change. */
export function change({ key, id, state }, free) {
  const line = { table: key, label: state?.label ?? null, because: id };
  return state !== null && isOfARun(key) ? { ...line, state: state.state, as_of: state.as_of } : { ...line, free };
}

// Keys are text of others: what a terminal obeys or hides is printed as a JSON escape.
const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function print(line) {
  const escape = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  process.stdout.write(JSON.stringify(line).replace(UNSAFE, escape) + "\n");
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
        if (waitlist.apply(record)) print(change(record, waitlist.free(Date.now())));
      } catch (error) {
        if (!error.code) throw error; // an error of ours: the record is redelivered
        print({ skipped: `${topic}/${partition}/${message.offset}`, code: error.code });
      }
      await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(message.offset) + 1n) }]);
    },
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
