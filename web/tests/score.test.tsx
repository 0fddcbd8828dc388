// @vitest-environment jsdom
// The score of a camera's view, and what comes after tables were drawn.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, Problem, type Camera, type DayScore, type ScorePart, type ViewScore } from '../src/client'
import { writeDrawn } from '../src/drawing-draft'
import { AfterDrawing } from '../src/parts/after-drawing'
import { ViewScoreCard } from '../src/parts/view-score'
import { gradeOf, nightsOf, pageSentence, worstFirst } from '../src/score'
import { T } from '../src/texts'
import { show, storeOf } from './show'

const LONG_MS = 30_000
const CAMERA: Camera = { camera_id: 'cam_1', site_id: 'site_1', name: 'Bar', layout_version: 3 }
const PARTS: ScorePart[] = [
  { name: 'light', score: 90, sentence: 'The brighter parts have 40% of full light.' },
  { name: 'keyframes', score: null, sentence: 'Not known: `tablewatch cameras probe` measures it, for an hour.' },
  { name: 'pixels', score: 19, sentence: 'Table 7 is 38 pixels wide: move the camera nearer.' },
]
const SCORE: ViewScore = { camera_id: 'cam_1', as_of: '2026-11-23T09:00:00.000Z', total: 19, sentence: 'Table 7 is 38 pixels wide: move the camera nearer.', looks: 40, parts: PARTS }
const day = (name: string, total: number | null): DayScore => ({ camera_id: 'cam_1', day: name, made_at: `${name}T03:00:00.000Z`, total, sentence: '15% of the looks were in doubt: `tablewatch why` says why.', looks: 40, parts: [] })

beforeEach(() => {
  localStorage.clear()
  vi.restoreAllMocks()
})

describe('a score', () => {
  it('has what pulls it down first, and what is not known last', () => {
    expect(worstFirst(PARTS).map(({ name }) => name)).toEqual(['pixels', 'light', 'keyframes'])
    expect([null, 0, 49, 50, 79, 80, 100].map(gradeOf)).toEqual(['unknown', 'bad', 'bad', 'fair', 'fair', 'good', 'good'])
  })

  it('names what the page has in place of commands', () => {
    expect(pageSentence(PARTS[1]?.sentence ?? '')).toBe('Not known: try the camera under Change, which measures it for an hour.')
    expect(pageSentence('Something new of `tablewatch`.')).toBe('Something new of `tablewatch`.')
  })

  it('has its nights in their order, at their distances, without those of which nothing is known', () => {
    const nights = nightsOf([day('2026-11-23', 23), day('2026-11-22', null), day('2026-11-20', 78), day('2026-11-19', 80)])
    expect(nights).toEqual([{ day: '2026-11-19', at: 0, score: 80 }, { day: '2026-11-20', at: 0.25, score: 78 }, { day: '2026-11-23', at: 1, score: 23 }])
    expect(nightsOf([day('2026-11-23', 23)])).toEqual([{ day: '2026-11-23', at: 0, score: 23 }])
  })
})

describe('the card of a score', () => {
  it('shows the number, what to mend and the nights, and looks again', async () => {
    const client = new Client()
    const look = vi.spyOn(client, 'viewScore').mockResolvedValue(SCORE)
    vi.spyOn(client, 'dayScores').mockResolvedValue([day('2026-11-23', 23), day('2026-11-22', 78)])
    const root = show(<ViewScoreCard camera={CAMERA} />, storeOf(client))
    const wait = (check: () => void) => vi.waitFor(check, LONG_MS)
    await wait(() => expect(root.querySelector('.score .figure')?.textContent).toBe('19'))
    expect(root.querySelector('.score')?.getAttribute('data-grade')).toBe('bad')
    expect([...root.querySelectorAll('.score-parts strong')].map((each) => each.textContent)).toEqual(['Size of the tables', 'Light', 'Keyframes'])
    expect(root.querySelector('.nights svg')?.getAttribute('aria-label')).toContain('2 nights: 78 on')
    expect(root.querySelector('.nights')?.textContent).toContain('a tap on the table shows why.')
    look.mockResolvedValue({ ...SCORE, total: null, sentence: '', looks: 0 })
    root.querySelector('button')?.click()
    await wait(() => expect(root.textContent).toContain(T.score.unknown))
    expect(root.textContent).not.toContain(T.score.worst)
    look.mockRejectedValue(new Problem(503, 'unavailable', 'A part is away', 'Try again.'))
    root.querySelector('button')?.click()
    await wait(() => expect(root.querySelector('.callout.error')?.textContent).toBe('A part is away. Try again. (unavailable)'))
    expect(root.textContent).toContain(T.score.unknown)
  }, LONG_MS)

  it('shows the answer to what was asked last, in whatever order answers come', async () => {
    const client = new Client()
    const answers: ((score: ViewScore) => void)[] = []
    vi.spyOn(client, 'viewScore').mockImplementation(() => new Promise((resolve) => answers.push(resolve)))
    vi.spyOn(client, 'dayScores').mockResolvedValue([])
    const store = storeOf(client)
    const root = show(<ViewScoreCard camera={CAMERA} />, store)
    await vi.waitFor(() => expect(answers).toHaveLength(1), LONG_MS)
    show(<ViewScoreCard camera={{ ...CAMERA, layout_version: 4 }} />, store, root)
    await vi.waitFor(() => expect(answers).toHaveLength(2), LONG_MS)
    answers[1]?.({ ...SCORE, total: 80 })
    await vi.waitFor(() => expect(root.querySelector('.score .figure')?.textContent).toBe('80'), LONG_MS)
    answers[0]?.(SCORE)
    await new Promise((drawn) => setTimeout(drawn))
    expect(root.querySelector('.score .figure')?.textContent).toBe('80')
    expect(root.textContent).toContain(T.score.worst)
  }, LONG_MS)

  it('says that nights are still to come', async () => {
    const client = new Client()
    vi.spyOn(client, 'viewScore').mockResolvedValue(SCORE)
    vi.spyOn(client, 'dayScores').mockResolvedValue([])
    const root = show(<ViewScoreCard camera={CAMERA} />, storeOf(client))
    await vi.waitFor(() => expect(root.textContent).toContain(T.score.noNights), LONG_MS)
  }, LONG_MS)
})

describe('after tables were drawn', () => {
  it('what the server warns of is shown until it is closed', async () => {
    expect(show(<AfterDrawing camera={CAMERA} />).textContent).toBe('')
    writeDrawn('cam_1', [{ code: 'zone_too_small', table_id: 'tbl_1', label: '7', sentence: 'The zone is too small for a person.' }])
    const root = show(<AfterDrawing camera={CAMERA} />)
    expect(root.textContent).toContain('Table 7: The zone is too small for a person.')
    expect(root.querySelector('a')?.getAttribute('href')).toBe('/cameras/cam_1/tables')
    root.querySelector('button')?.click()
    await vi.waitFor(() => expect(root.textContent).toBe(''), LONG_MS)
    expect(show(<AfterDrawing camera={CAMERA} />).textContent).toBe('')
  }, LONG_MS)
})
