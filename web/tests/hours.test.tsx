// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest'
import { Problem, Client, type OpeningHours, type Site } from '../src/client'
import { always, endsNextDay, faultOf, givenWeek, isAlways, runsOf, typedWeek, usualWeek, WEEKDAYS, type Interval, type Week } from '../src/hours'
import { HoursForm, hoursText } from '../src/parts/hours'
import { T } from '../src/texts'
import { ChangedMeanwhile, ifUnchanged } from '../src/unchanged'
import { show } from './show'

const hours = (given: Partial<OpeningHours>) => Object.fromEntries(WEEKDAYS.map((day) => [day, given[day] ?? []])) as OpeningHours
const week = (given: Partial<OpeningHours>): Week => typedWeek(hours(given))
const EVENING: Interval = { from: '18:00', to: '02:00' }

describe('opening hours', () => {
  it('are typed and given back as they were, but for the end of the day', () => {
    const given = hours({ monday: ['11:00-14:30', '18:00-02:00'], sunday: ['00:00-24:00'] })
    expect(typedWeek(given).sunday).toEqual([{ from: '00:00', to: '00:00' }])
    expect(givenWeek(typedWeek(given))).toEqual(given)
    expect(givenWeek(typedWeek(hours({ friday: ['20:00-00:00'] }))).friday).toEqual(['20:00-24:00'])
  })

  it.each<[string, Partial<OpeningHours>, ReturnType<typeof faultOf>]>([
    ['none', {}, { kind: 'empty' }],
    ['unordered', { monday: ['18:00-20:00', '11:00-12:00'] }, { kind: 'unordered', day: 'monday', index: 1 }],
    ['overlapping', { monday: ['11:00-15:00', '14:00-16:00'] }, { kind: 'overlap', day: 'monday', index: 1 }],
    ['overlapping the next day', { tuesday: ['20:00-03:00'], wednesday: ['02:00-04:00'] }, { kind: 'overlap', day: 'wednesday', index: 0 }],
    ['overlapping the next week', { monday: ['01:00-02:00'], sunday: ['20:00-01:30'] }, { kind: 'overlap', day: 'monday', index: 0 }],
    ['longer than a day', { thursday: ['10:00-10:00', '12:00-13:00'] }, { kind: 'overlap', day: 'thursday', index: 1 }],
    ['touching', { monday: ['11:00-14:00', '14:00-02:00'], tuesday: ['02:00-03:00'] }, null],
    ['alone', { sunday: ['20:00-20:00'] }, null],
  ])('that are %s', (_, given, fault) => expect(faultOf(week(given))).toEqual(fault))

  it('of which a time is missing are incomplete, whatever else is wrong', () => {
    const typed = { ...week({ monday: ['18:00-20:00', '11:00-12:00'] }), friday: [EVENING, { from: '', to: '12:00' }] }
    expect(faultOf(typed)).toEqual({ kind: 'incomplete', day: 'friday', index: 1 })
  })

  it('say what ends on the next day', () => {
    expect([EVENING, { from: '11:00', to: '11:00' }, { from: '11:00', to: '00:00' }, { from: '', to: '' }].map(endsNextDay)).toEqual([true, true, false, false])
  })

  it('are told in short', () => {
    expect(hoursText(always())).toBe(T.hours.always)
    expect(isAlways(hours({ monday: ['00:00-24:00'] }))).toBe(false)
    expect(hoursText({ ...givenWeek(usualWeek()), sunday: [], saturday: ['11:00-14:00', '18:00-24:00'] })).toBe('Mon–Fri 11:00–23:00; Sat 11:00–14:00, 18:00–00:00; Sun closed')
    expect(runsOf(hours({})).map(({ days }) => days.length)).toEqual([7])
  })
})

describe('the form', () => {
  const form = (given: OpeningHours | null, offersAlways = false) => {
    const onSave = vi.fn()
    const root = show(<HoursForm hours={given} noneText="None" offersAlways={offersAlways} busy={false} problem="" onSave={onSave} />)
    document.body.replaceChildren(root)
    const choose = (label: string) => [...root.querySelectorAll('label')].find((each) => each.textContent === label)?.querySelector('input')?.click()
    const save = () => root.querySelector<HTMLButtonElement>('button[type=submit]')
    const time = (name: string) => root.querySelector<HTMLInputElement>(`[aria-label="${name}"]`) as HTMLInputElement
    return { root, onSave, choose, save, time }
  }

  it('saves what was typed, and says at the field what is wrong', async () => {
    const { root, onSave, choose, save, time } = form(hours({ monday: ['11:00-14:00', '18:00-23:00'] }))
    await vi.waitFor(() => expect(root.querySelectorAll('.interval')).toHaveLength(2))
    expect(save()?.disabled).toBe(true)
    const second = time('Monday, time 2, from')
    second.value = '13:00'
    second.dispatchEvent(new Event('input'))
    await vi.waitFor(() => expect(root.querySelector('.intervals .error')?.textContent).toBe(T.hours.faults.overlap))
    expect(second.getAttribute('aria-describedby')).toBe(root.querySelector('.intervals .error')?.id)
    expect(save()?.disabled).toBe(true)
    second.value = '14:00'
    second.dispatchEvent(new Event('input'))
    await vi.waitFor(() => expect(save()?.disabled).toBe(false))
    save()?.click()
    expect(onSave).toHaveBeenLastCalledWith(hours({ monday: ['11:00-14:00', '14:00-23:00'] }))
    choose('None')
    await vi.waitFor(() => expect(root.querySelector('.days')).toBeNull())
    save()?.click()
    expect(onSave).toHaveBeenLastCalledWith(null)
  })

  it('of a camera knows always, which is not as its site has it', async () => {
    const { root, onSave, choose, save } = form(null, true)
    choose(T.hours.alwaysOpen)
    await vi.waitFor(() => expect(save()?.disabled).toBe(false))
    save()?.click()
    expect(onSave).toHaveBeenCalledWith(always())
    expect(form(always(), true).root.querySelector('.days')).toBeNull()
    expect(root.querySelectorAll('input[type=radio]')).toHaveLength(3)
  })
})

describe('a change of what is shown', () => {
  const SITE: Site = { site_id: 'site_1', name: 'Bar', timezone: 'UTC', version: 3 }

  it('is made with its tag', async () => {
    const change = vi.fn(async (tag: string) => tag)
    expect(await ifUnchanged(SITE, async () => ({ document: SITE, tag: '"site-3"' }), change)).toBe('"site-3"')
  })

  it('is not made where it is another meanwhile', async () => {
    const change = vi.fn()
    const now = { ...SITE, version: 4 }
    await expect(ifUnchanged(SITE, async () => ({ document: now, tag: '"site-4"' }), change)).rejects.toMatchObject({ now })
    expect(change).not.toHaveBeenCalled()
    const refused = async () => Promise.reject(new Problem(412, 'version_conflict', 'x', 'y'))
    await expect(ifUnchanged(SITE, async () => ({ document: SITE, tag: '"site-3"' }), refused)).rejects.toBeInstanceOf(ChangedMeanwhile)
  })

  it('has the tag of the answer, and sends it', async () => {
    const sent: RequestInit[] = []
    const fetch = (async (_: string, init: RequestInit) => {
      sent.push(init)
      return new Response(JSON.stringify(SITE), { headers: { etag: '"site-3"' } })
    }) as unknown as typeof globalThis.fetch
    const client = new Client({ fetch })
    const { tag } = await client.site('site_1')
    await client.changeSite('site_1', { opening_hours: null }, tag)
    expect(new Headers(sent[1]?.headers).get('if-match')).toBe('"site-3"')
    expect(sent[1]?.body).toBe('{"opening_hours":null}')
  })
})
