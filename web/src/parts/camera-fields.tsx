// The fields of a camera.
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { cadenceOf, numberOf, TYPES, type CameraFields } from '../camera-form'
import type { Section, SourceType } from '../client'
import { T } from '../texts'

const W = T.cameraForm

interface FieldsProps {
  fields: CameraFields
  onChange: (change: Partial<CameraFields>) => void
  /** The field of the address was left. */
  onAddress: () => void
  /** Of user name and password. */
  passwordHelp: string
  required: boolean
}

/** Where the pictures come from. */
export function SourceFields({ fields, onChange, onAddress, passwordHelp, required }: FieldsProps) {
  return (
    <>
      <Field label={W.type}>
        {(id) => (
          <select id={id} value={fields.type} onChange={(event) => onChange({ type: event.currentTarget.value as SourceType })}>
            {TYPES.map((type) => <option key={type} value={type}>{W.types[type]}</option>)}
          </select>
        )}
      </Field>
      <Field label={W.address} help={W.addressHelp[fields.type]}>
        {(id, help) => (
          <input
            id={id}
            aria-describedby={help}
            type="text"
            inputMode={fields.type === 'file' ? 'text' : 'url'}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxLength={2000}
            required={required}
            placeholder={W.examples[fields.type]}
            value={fields.address}
            onInput={(event) => onChange({ address: event.currentTarget.value })}
            onBlur={onAddress}
          />
        )}
      </Field>
      {fields.type !== 'file' && <Credentials fields={fields} onChange={onChange} help={passwordHelp} />}
      {fields.type === 'rtsp' && (
        <div class="field wide">
          <label class="check">
            <input type="checkbox" checked={fields.udp} aria-describedby="udp-help" onChange={(event) => onChange({ udp: event.currentTarget.checked })} />
            {W.udp}
          </label>
          <p id="udp-help" class="muted small">{W.udpHelp}</p>
        </div>
      )}
    </>
  )
}

function Credentials({ fields, onChange, help }: Pick<FieldsProps, 'fields' | 'onChange'> & { help: string }) {
  return (
    <>
      <Field label={W.user}>
        {(id) => (
          <input
            id={id}
            type="text"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxLength={200}
            required={fields.password !== ''}
            value={fields.user}
            onInput={(event) => onChange({ user: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label={W.password}>
        {(id) => (
          <input
            id={id}
            type="password"
            autocomplete="new-password"
            maxLength={400}
            aria-describedby="password-help"
            value={fields.password}
            onInput={(event) => onChange({ password: event.currentTarget.value })}
          />
        )}
      </Field>
      <p id="password-help" class="muted small wide">{help}</p>
    </>
  )
}

export function NameField({ fields, onChange }: Pick<FieldsProps, 'fields' | 'onChange'>) {
  return (
    <Field label={W.name}>
      {(id) => (
        <input
          id={id}
          type="text"
          required
          maxLength={200}
          value={fields.name}
          onInput={(event) => onChange({ name: event.currentTarget.value })}
        />
      )}
    </Field>
  )
}

interface PlaceProps extends Pick<FieldsProps, 'fields' | 'onChange'> {
  sections: readonly Section[]
  /** What an empty field stands for; null: it may not be empty. */
  free: number | null
}

/** What people know it by beside its name: number, section and notes. */
export function PlaceFields({ fields, onChange, sections, free }: PlaceProps) {
  const number = numberOf(fields.number)
  const wrong = number === null || (number === undefined && free === null)
  return (
    <>
      <Field label={W.number} help={wrong ? W.numberWrong : free === null ? W.numberHelp : W.numberFree(free)} wrong={wrong}>
        {(id, help) => (
          <input id={id} type="text" inputMode="numeric" maxLength={4} placeholder={free === null ? '' : String(free)} aria-invalid={wrong} aria-describedby={help} value={fields.number} onInput={(event) => onChange({ number: event.currentTarget.value })} />
        )}
      </Field>
      {(sections.length > 0 || fields.section !== '') && (
        <Field label={W.section}>
          {(id) => (
            <select id={id} value={fields.section} onChange={(event) => onChange({ section: event.currentTarget.value })}>
              <option value="">{W.noSection}</option>
              {sections.map((each) => <option key={each.section_id} value={each.section_id}>{each.name}</option>)}
            </select>
          )}
        </Field>
      )}
      <div class="wide">
        <Field label={W.notes} help={W.notesHelp}>
          {(id, help) => <textarea id={id} rows={2} maxLength={2000} aria-describedby={help} value={fields.notes} onInput={(event) => onChange({ notes: event.currentTarget.value })} />}
        </Field>
      </div>
    </>
  )
}

export function CadenceField({ fields, onChange }: Pick<FieldsProps, 'fields' | 'onChange'>) {
  const wrong = cadenceOf(fields.seconds) === null
  return (
    <Field label={W.cadence} help={wrong ? W.cadenceWrong : W.cadenceHelp} wrong={wrong}>
      {(id, help) => (
        <input
          id={id}
          type="text"
          inputMode="decimal"
          maxLength={8}
          aria-invalid={wrong}
          aria-describedby={help}
          value={fields.seconds}
          onInput={(event) => onChange({ seconds: event.currentTarget.value })}
        />
      )}
    </Field>
  )
}

interface FieldProps {
  label: string
  help?: string
  wrong?: boolean
  children: (id: string, help: string | undefined) => ComponentChildren
}

function Field({ label, help, wrong = false, children }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, help ? `${id}-help` : undefined)}
      {help && <p id={`${id}-help`} class={wrong ? 'error small' : 'muted small'}>{help}</p>}
    </div>
  )
}
