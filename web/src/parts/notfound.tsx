// What is shown where there is nothing.
import { T } from '../texts'

export function NotFound() {
  return (
    <section class="card nothing">
      <h1>{T.notFound.title}</h1>
      <p>{T.notFound.text}</p>
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
