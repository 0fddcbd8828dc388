// What is shown where there is nothing.
import { address, useStore } from '../context'
import { T } from '../texts'

export function NotFound() {
  return (
    <section class="card nothing">
      <h1>{T.notFound.title}</h1>
      <p>{T.notFound.text}</p>
    </section>
  )
}

/** In place of a camera that is not among those of the site: it may have been removed by somebody else while it was shown. */
export function NoCamera({ id }: { id: string }) {
  const store = useStore()
  if (!store.listed.value) return <p class="muted" role="status">{T.loading}</p>
  if (!store.removed.value.has(id)) return <NotFound />
  return (
    <section class="card nothing" role="alert">
      <h1>{T.cameraRemoved.title}</h1>
      <p>{T.cameraRemoved.text}</p>
      <p><a class="button" href={address('cameras')}>{T.cameras.all}</a></p>
    </section>
  )
}

/** Of who may look at cameras and not change them. */
export function MayNotChange({ title }: { title: string }) {
  return (
    <section class="card nothing">
      <h1>{title}</h1>
      <p>{T.cameraForm.mayNot}</p>
    </section>
  )
}
