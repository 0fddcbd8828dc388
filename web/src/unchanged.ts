// Changing what is shown, and not what somebody else has made of it meanwhile.
import { Problem, type Tagged } from './client'

interface Versioned {
  version?: number
}

export class ChangedMeanwhile<Document> extends Error {
  /** `now`: what it is; null where that is not known. */
  constructor(readonly now: Document | null) {
    super('It was changed meanwhile.')
  }
}

/** Carries out a change with the tag of what is shown. Rejects with ChangedMeanwhile where it is not that any more. */
export async function ifUnchanged<Document extends Versioned, Answer>(
  shown: Document,
  read: () => Promise<Tagged<Document>>,
  change: (tag: string) => Promise<Answer>,
): Promise<Answer> {
  const { document, tag } = await read()
  if (document.version !== shown.version) throw new ChangedMeanwhile(document)
  try {
    return await change(tag)
  } catch (error) {
    throw error instanceof Problem && error.code === 'version_conflict' ? new ChangedMeanwhile<Document>(null) : error
  }
}
