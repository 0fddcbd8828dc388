// A restaurant, its camera, a video in one request, and its states, by openapi-fetch with the types that openapi-typescript
// makes. docs/clients.md says how they are made. Prints one JSON object.
//
// usage: TABLEWATCH_KEY=twk_... node out/session.js http://127.0.0.1:8700 video.mp4

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import createClient from "openapi-fetch";
import type { components, paths } from "./tablewatch.js";
import type { paths as ingestPaths } from "./tablewatch-ingest.js";

type Job = components["schemas"]["Job"];
type Problem = components["schemas"]["Problem"];

/** The document of an answer; a problem is thrown with its code and its sentence. */
function ok<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) {
    throw new Error(answer.error ? `${answer.error.code}: ${answer.error.detail}` : "no answer");
  }
  return answer.data;
}

const [address, path] = process.argv.slice(2);
if (!address || !path) {
  throw new Error("give an address and a file");
}
const authorization = `Bearer ${process.env["TABLEWATCH_KEY"]}`;
const api = createClient<paths>({ baseUrl: address, headers: { authorization } });

const site = ok(await api.POST("/v1/sites", { body: { name: "Café Central", timezone: "Europe/Vienna" } }));
const camera = ok(
  await api.POST("/v1/cameras", {
    body: { name: "Front room", site_id: site.site_id },
    params: { header: { "Idempotency-Key": `camera-of-${site.site_id}` } },
  }),
);
const layout = ok(
  await api.PUT("/v1/cameras/{camera_id}/layout", {
    params: { path: { camera_id: camera.camera_id } },
    body: {
      reference: { width: 1280, height: 720 },
      tables: [{ label: "Table 7", seats: 4, polygon: [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]] }],
      floor: [[[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]],
    },
  }),
);
const clip = await readFile(path);
const announced = ok(
  await api.POST("/v1/videos", {
    body: {
      camera_id: camera.camera_id,
      sampling: { mode: "cadence", every_ms: 10_000 },
      filename: basename(path),
      size_bytes: clip.length,
    },
  }),
);
const awaiting = ok(
  await api.GET("/v1/videos", { params: { query: { status: "awaiting_file", camera_id: camera.camera_id } } }),
);

const { create_url, token } = announced.upload;
const ingest = createClient<ingestPaths>({
  baseUrl: create_url.slice(0, -"/v1/uploads".length),
  headers: { authorization: `Bearer ${token}` },
});
const sent = ok(
  await ingest.POST("/v1/uploads/{video_id}/content", {
    params: { path: { video_id: announced.video_id } },
    headers: { "content-type": "application/octet-stream" },
    body: "", // the document says binary, which is a string in the types; the bytes are given below
    bodySerializer: () => clip,
  }),
);

const one = { params: { path: { video_id: announced.video_id } } };
let job: Job = ok(await api.GET("/v1/videos/{video_id}/job", one));
while (!["done", "failed", "cancelled"].includes(job.status)) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  job = ok(await api.GET("/v1/videos/{video_id}/job", one));
}
const frames: number[] = [];
let cursor: string | null = null;
do {
  const page: components["schemas"]["FramePage"] = ok(
    await api.GET("/v1/videos/{video_id}/frames", {
      params: { ...one.params, query: cursor === null ? { limit: 2 } : { limit: 2, cursor } },
    }),
  );
  frames.push(...page.items.map((frame) => frame.index));
  cursor = page.next_cursor;
} while (cursor !== null);
const states = ok(await api.GET("/v1/states", { params: { query: { run_id: job.run_id } } })).items;
const hazards = ok(await api.GET("/v1/hazards", { params: { query: { run_id: job.run_id } } })).items;
const missing = await api.GET("/v1/sites/{site_id}", { params: { path: { site_id: "site_of_nobody" } } });
const conflict = await api.POST("/v1/videos/{video_id}/cancel", one);

console.log(
  JSON.stringify({
    site_id: site.site_id,
    version: layout.version,
    awaiting_file: awaiting.items.map((each) => each.video_id),
    video_id: job.video_id,
    sent: sent.offset,
    status: job.status,
    created_at: job.created_at,
    frames,
    states: states.map(({ label, state, since }) => ({ label, state, since })),
    hazards: hazards.map((each) => each.kind),
    missing: missing.error?.code,
    conflict: conflict.error?.code,
  }),
);
