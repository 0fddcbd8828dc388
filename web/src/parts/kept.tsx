// What was drawn before, or in another tab, and is not saved: gone on with, or thrown away.
import { T } from '../texts'

const W = T.editor

export function Kept({ text, onAnswer }: { text: string; onAnswer: (isWanted: boolean) => void }) {
  return (
    <div class="callout" role="status">
      <p>{text}</p>
      <div class="buttons">
        <button type="button" class="primary" onClick={() => onAnswer(true)}>{W.goOn}</button>
        <button type="button" onClick={() => onAnswer(false)}>{W.discard}</button>
      </div>
    </div>
  )
}
