// How well the view of a camera serves its tables: the number, what pulls it down, and how it was in the nights before.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Camera, DayScore, NewLayout, ScorePart, ViewScore } from '../client'
import { useStore } from '../context'
import { useSending } from '../request'
import { gradeOf, nightsOf, pageSentence, partName, worstFirst } from '../score'
import { T } from '../texts'
import { dayText, shortTime } from '../words'

const W = T.score
const NIGHTS = 60
const WIDTH = 600
const HEIGHT = 100

interface Known {
  score: ViewScore
  /** Null: they are not asked for. */
  days: readonly DayScore[] | null
}

interface CardProps {
  camera: Camera
  /** Tables that are not saved yet: the score is of these. */
  drawn?: NewLayout
}

export function ViewScoreCard({ camera, drawn }: CardProps) {
  const store = useStore()
  const id = camera.camera_id
  const { busy, problem, send } = useSending()
  const [known, setKnown] = useState<Known | null>(null)
  const asked = useRef(0)
  const look = () =>
    send(async () => {
      const number = ++asked.current // answers may come in another order
      const isNewest = () => number === asked.current
      try {
        const [score, days] = await Promise.all([store.client.viewScore(id, drawn), drawn ? null : store.client.dayScores(id, NIGHTS)])
        if (isNewest()) setKnown({ score, days })
      } catch (error) {
        if (isNewest()) throw error
      }
    })
  useEffect(() => void look(), [id, camera.layout_version])
  return (
    <section class="card" aria-labelledby="score" aria-busy={busy}>
      <div class="head">
        <h2 id="score">{W.title}</h2>
        <div class="buttons"><button type="button" disabled={busy} onClick={() => void look()}>{W.again}</button></div>
      </div>
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      {known ? <Score {...known} now={store.now.value} /> : !problem && <p class="muted">{W.looking}</p>}
    </section>
  )
}

function Score({ score: { total, sentence, looks, parts, as_of }, days, now }: Known & { now: number }) {
  return (
    <>
      <div class="score" data-grade={gradeOf(total)} role="status">
        {total !== null && <p class="score-number"><span class="figure">{total}</span> {W.of}</p>}
        <p>{total === null ? W.unknown : pageSentence(sentence)}</p>
      </div>
      <ul class="score-parts">{worstFirst(parts).map((part) => <Part key={part.name} part={part} />)}</ul>
      <p class="muted small">{W.asOf(shortTime(as_of, now), looks)}{total !== null && ` ${W.worst}`}</p>
      {days && <Nights days={days} />}
    </>
  )
}

function Part({ part }: { part: ScorePart }) {
  const name = partName(part)
  return (
    <li data-grade={gradeOf(part.score)}>
      <p class="row"><strong>{name}</strong> <span class="mono">{part.score ?? W.notKnown}</span></p>
      <meter min={0} max={100} value={part.score ?? 0} aria-label={name} aria-valuetext={String(part.score ?? W.notKnown)} />
      {part.sentence && <p class="muted small">{pageSentence(part.sentence)}</p>}
    </li>
  )
}

/** A small line of the nights before, and the same in words. */
function Nights({ days }: { days: readonly DayScore[] }) {
  const nights = nightsOf(days)
  const [first, last] = [nights[0], nights.at(-1)]
  if (!first || !last) return <p class="muted small">{W.noNights}</p>
  const points = nights.map(({ at, score }) => `${at * WIDTH},${HEIGHT - score}`).join(' ')
  return (
    <details class="nights">
      <summary>{W.nights}</summary>
      {nights.length > 1 && (
        <figure>
          <svg role="img" aria-label={W.line(nights.length, first.score, dayText(first.day), last.score, dayText(last.day))} viewBox={`-6 -6 ${WIDTH + 12} ${HEIGHT + 12}`} preserveAspectRatio="none">
            <path class="grid" d={`M0,0H${WIDTH}M0,${HEIGHT / 2}H${WIDTH}M0,${HEIGHT}H${WIDTH}`} vector-effect="non-scaling-stroke" />
            <polyline points={points} vector-effect="non-scaling-stroke" />
          </svg>
          <figcaption class="row muted"><span>{dayText(first.day)}: {first.score}</span> <span>{dayText(last.day)}: {last.score}</span></figcaption>
        </figure>
      )}
      <ol tabIndex={0} aria-label={W.nights}>
        {days.map(({ day, total, sentence }) => (
          <li key={day}>
            <p><strong>{dayText(day)}</strong> <span class="mono">{total ?? W.notKnown}</span></p>
            <p class="muted small">{pageSentence(sentence)}</p>
          </li>
        ))}
      </ol>
    </details>
  )
}
