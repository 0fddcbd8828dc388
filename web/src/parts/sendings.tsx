// What is being sent: a row for each file; and what was begun before the page was loaded.
import { useEffect } from 'preact/hooks'
import type { Camera, UnfinishedUpload } from '../client'
import { useStore } from '../context'
import { bytes, clockTime } from '../format'
import type { Sending } from '../sending'
import { saveFile } from '../saving'
import { T } from '../texts'
import type { Uploads } from '../uploads'

interface Props {
  uploads: Uploads
  siteId: string
  cameras: readonly Camera[]
}

export function Sendings({ uploads, siteId, cameras }: Props) {
  const store = useStore()
  useEffect(() => {
    uploads.lookForUnfinished().catch((error: unknown) => store.fail(error))
  }, [uploads, siteId])
  const rows = uploads.rows.value
  const ofSite = uploads.unfinished.value.filter(({ video }) => video.site_id === siteId)
  const group = (title: string, text: string, unfinished: readonly UnfinishedUpload[]) =>
    unfinished.length > 0 && (
      <div class="unfinished">
        <h3>{title}</h3>
        <p class="muted small">{text}</p>
        <ul class="sendings">
          {unfinished.map((each) => <Unfinished key={each.name} upload={each} uploads={uploads} cameras={cameras} />)}
        </ul>
      </div>
    )
  const counts = T.upload.all(uploads.underWay.value, uploads.waiting.value, uploads.sent.value)
  return (
    <>
      <p class={rows.length > 0 ? 'muted small' : 'visually-hidden'} role="status">{counts}</p>
      {rows.length > 0 && <ul class="sendings">{rows.map((row) => <Row key={row.name} row={row} uploads={uploads} />)}</ul>}
      {group(T.upload.unfinished, T.upload.unfinishedText, ofSite.filter((each) => !each.inMemory))}
      {group(T.upload.lostRecordings, T.upload.lostRecordingsText, ofSite.filter((each) => each.inMemory))}
    </>
  )
}

function Row({ row, uploads }: { row: Sending; uploads: Uploads }) {
  const { name, size } = row.file
  const state = row.state.value
  const { sent, total } = row.progress.value
  const length = row.length.value
  const failed = state === 'failed'
  const button = (text: string, onClick: () => void) => (
    <button type="button" aria-label={T.upload.of(text, name)} onClick={onClick}>{text}</button>
  )
  const cancel = () => {
    if (!row.inMemory || confirm(T.upload.confirmRecording(name))) void uploads.cancel(row).catch(() => undefined)
  }
  return (
    <li class="sending" data-state={state}>
      <span class="texts">
        <strong class="clip">{name}</strong>
        <span class="muted small">{length === null ? bytes(size) : `${bytes(size)} · ${clockTime(length)}`}</span>
      </span>
      <div class="buttons">
        {state === 'sending' && button(T.upload.pause, () => uploads.pause(row))}
        {state === 'paused' && button(T.upload.goOn, () => uploads.goOn(row))}
        {failed && row.canRetry.value && button(T.upload.again, () => uploads.goOn(row))}
        {row.inMemory && button(T.upload.keep, () => saveFile(row.file))}
        {button(failed ? T.upload.dismiss : T.upload.cancel, cancel)}
      </div>
      {!failed && <progress max={100} value={total ? (sent / total) * 100 : 0} aria-label={T.upload.progress(name)} />}
      {!failed && <span class="muted small">{noteOf(row)}</span>}
      <div role="alert">{failed && <p class="error">{row.problem.value}</p>}</div>
    </li>
  )
}

function noteOf(row: Sending): string {
  const { sent, total } = row.progress.value
  const progress = T.upload.sent(bytes(sent), bytes(total || row.file.size))
  const speed = row.speed.value
  switch (row.state.value) {
    case 'waiting':
      return row.cutOff.value ? T.upload.cutOff : T.upload.waiting
    case 'preparing':
      return T.upload.preparing
    case 'paused':
      return T.upload.paused(progress)
    default: {
      const left = speed ? T.upload.left(clockTime(((total - sent) / speed) * 1000)) : ''
      const resumed = row.resumed.value ? T.upload.resumed : ''
      return [progress, speed && `${bytes(speed)}/s`, left, resumed].filter(Boolean).join(' · ')
    }
  }
}

interface UnfinishedProps {
  upload: UnfinishedUpload
  uploads: Uploads
  cameras: readonly Camera[]
}

function Unfinished({ upload, uploads, cameras }: UnfinishedProps) {
  const store = useStore()
  const { filename, sizeBytes, video } = upload
  const camera = cameras.find((each) => each.camera_id === video.camera_id)?.name
  const discard = () => {
    if (confirm(T.upload.confirmDiscard(filename))) uploads.discard(upload).catch((error: unknown) => store.fail(error))
  }
  return (
    <li class="sending">
      <span class="texts">
        <strong class="clip">{filename}</strong>
        <span class="muted small">{[bytes(sizeBytes), camera && T.upload.forCamera(camera)].filter(Boolean).join(' · ')}</span>
      </span>
      <div class="buttons">
        <button type="button" aria-label={T.upload.of(T.upload.discard, filename)} onClick={discard}>{T.upload.discard}</button>
      </div>
    </li>
  )
}
