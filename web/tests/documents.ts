// Documents for the tests.
import type { Frame, Job, Snapshot } from '../src/client'

export function job(changes: Partial<Job> = {}): Job {
  return {
    video_id: 'vid_1',
    run_id: 'run_1',
    site_id: 'site_1',
    camera_id: 'cam_1',
    filename: 'demo.mp4',
    status: 'processing',
    stage: 'extract',
    stages: [
      { name: 'upload', status: 'done', progress: 100 },
      { name: 'extract', status: 'processing', progress: 40 },
    ],
    progress: 45,
    stuck: false,
    frames: { published: 3, expected: 10 },
    sampling: { mode: 'cadence', every_ms: 1000 },
    picture: { format: 'jpeg', quality: null, long_side: null },
    layout_version: 1,
    make: ['frames', 'tables'],
    started_at: null,
    next: [{ action: 'cancel', method: 'POST', href: '/v1/videos/vid_1/cancel' }],
    error: null,
    video: null,
    created_at: '2026-11-23T09:00:00.000Z',
    updated_at: '2026-11-23T09:00:01.000Z',
    ...changes,
  }
}

export function frame(index: number): Frame {
  return {
    frame_id: `run_1-${String(index).padStart(9, '0')}`,
    index,
    media_ms: index * 1000,
    captured_at: new Date(Date.UTC(2026, 10, 23, 9, 0, index)).toISOString(),
    width: 1280,
    height: 720,
    url: `/v1/objects/frames/${index}.jpg?signature=x`,
  }
}

export const EMPTY_SNAPSHOT: Snapshot = {
  site_id: 'site_1',
  seq: 7,
  as_of: '2026-11-23T09:00:00.000Z',
  reason: 'start',
  holds: { videos: 0, states: 0, hazards: 0, cameras: 0, probes: 0, groups: 0 },
  left_out: { videos: 0, states: 0, hazards: 0, cameras: 0, probes: 0, groups: 0 },
  videos: [],
  states: [],
  hazards: [],
  cameras: [],
  probes: [],
  groups: [],
}
