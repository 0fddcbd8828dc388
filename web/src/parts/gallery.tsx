// Pictures of a run by time: groups, of which one is open, and moments to jump to.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Frame } from '../client'
import { clockTime, timeOfDay } from '../format'
import { useFrameLink, type Renew } from '../frame-link'
import { groupsOf, momentsOf, stepOf, type Group } from '../gallery'
import { T } from '../texts'

interface GalleryProps {
  frames: readonly Frame[]
  /** Index of the frame in the picture, where one was chosen. */
  chosen: number | null
  shown: string | undefined
  /** When media time 0 was, in ms since 1970; null: nobody knows. */
  origin: number | null
  onOpen: (index: number) => void
  onRenew: Renew
}

/** Of a group that is closed one picture is drawn, and that only in sight. */
export function Gallery({ frames, chosen, shown, origin, onOpen, onRenew }: GalleryProps) {
  const step = stepOf(frames)
  const groups = useMemo(() => groupsOf(frames, step), [frames, step])
  const [chosenGroup, setOpen] = useState<number | null>()
  const open = chosenGroup === undefined ? groups[0]?.from : chosenGroup
  const list = useRef<HTMLDivElement>(null)
  const wanted = chosen === null ? undefined : groups.find(({ end }) => chosen < end)?.from
  useEffect(() => {
    if (wanted !== undefined) setOpen(wanted)
  }, [wanted])
  useEffect(() => {
    if (wanted !== open) return // until the group before it is closed, it stands elsewhere
    const asked = list.current?.querySelector('[data-wanted] [data-shown]')
    if (list.current && asked) bringIntoSight(list.current, asked)
  }, [wanted, open, chosen])
  const toggle = (from: number, isOpen: boolean) => {
    if (isOpen) setOpen(from)
    else if (from === open) setOpen(null)
  }
  return (
    <div class="gallery" ref={list}>
      {groups.map((group) => (
        <details
          key={group.from}
          open={group.from === open}
          data-wanted={group.from === wanted || undefined}
          onToggle={(event) => toggle(group.from, event.currentTarget.open)}
        >
          <Heading group={group} step={step} frames={frames} origin={origin} closed={group.from !== open} onRenew={onRenew} />
          {group.from === open && (
            <ul class="frames">
              {frames.slice(group.start, group.end).map((each, at) => (
                <Thumbnail key={each.frame_id} frame={each} shown={each.frame_id === shown} onOpen={() => onOpen(group.start + at)} onRenew={onRenew} />
              ))}
            </ul>
          )}
        </details>
      ))}
    </div>
  )
}

/** By as little as it takes, and without the page around it. */
function bringIntoSight(list: Element, item: Element): void {
  const [around, box] = [list.getBoundingClientRect(), item.getBoundingClientRect()]
  if (box.top < around.top) list.scrollTop -= around.top - box.top
  else if (box.bottom > around.bottom) list.scrollTop += box.bottom - around.bottom
}

interface HeadingProps {
  group: Group
  step: number
  frames: readonly Frame[]
  origin: number | null
  closed: boolean
  onRenew: Renew
}

function Heading({ group, step, frames, origin, closed, onRenew }: HeadingProps) {
  const first = frames[group.start]
  const time = origin === null ? '' : timeOfDay(origin + group.from)
  return (
    <summary>
      {closed && first && <FirstPicture key={first.frame_id} frame={first} onRenew={onRenew} />}
      <span class="mono">{clockTime(group.from)}–{clockTime(group.from + step)}</span>
      <span class="muted small">{[time, T.frames.count(group.end - group.start)].filter(Boolean).join(' · ')}</span>
    </summary>
  )
}

function FirstPicture({ frame, onRenew }: { frame: Frame; onRenew: Renew }) {
  const { url, gone, onError } = useFrameLink(frame, onRenew)
  return <img src={gone ? undefined : url} alt="" loading="lazy" decoding="async" width={16} height={9} onError={onError} />
}

/** Choosing a moment of the whole run, also one whose pictures are not loaded yet. */
export function Moments({ length, origin, onJump }: { length: number; origin: number | null; onJump: (ms: number) => void }) {
  const [chosen, setChosen] = useState('')
  const choose = (event: { currentTarget: HTMLSelectElement }) => {
    const { value } = event.currentTarget
    setChosen(value) // the arrow keys go on from it
    if (value !== '') onJump(Number(value))
  }
  const moments = momentsOf(length)
  if (moments.length < 2) return null
  return (
    <select aria-label={T.frames.jump} value={chosen} onChange={choose} onBlur={() => setChosen('')}>
      <option value="">{T.frames.jump}</option>
      {moments.map((ms) => (
        <option key={ms} value={ms}>{origin === null ? clockTime(ms) : `${clockTime(ms)} · ${timeOfDay(origin + ms)}`}</option>
      ))}
    </select>
  )
}

function Thumbnail({ frame, shown, onOpen, onRenew }: { frame: Frame; shown: boolean; onOpen: () => void; onRenew: Renew }) {
  const { url, gone, onError } = useFrameLink(frame, onRenew)
  return (
    <li data-shown={shown || undefined}>
      <button type="button" aria-label={T.frames.at(clockTime(frame.media_ms))} data-gone={gone || undefined} onClick={onOpen}>
        <img src={url} alt="" loading="lazy" decoding="async" width={frame.width} height={frame.height} onError={onError} />
        <span class="mono small">{clockTime(frame.media_ms)}</span>
      </button>
    </li>
  )
}
