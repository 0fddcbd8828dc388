// The tables of a camera over a small picture of it, coloured by state. What they are called stands elsewhere.
import { useEffect, useState } from 'preact/hooks'
import type { Camera, Layout } from '../client'
import { useStore } from '../context'
import { tone } from '../format'
import { tableNow } from '../words'
import { pointsOf } from './geometry'

/** Cut off as the picture is below them: `object-fit: cover`. */
export function Outlines({ camera }: { camera: Camera }) {
  const store = useStore()
  const layout = useLayout(camera)
  if (layout === null) return null
  const { reference } = layout
  const shown = store.tablesOf(camera.camera_id).map((table) => tableNow(table, store.view.value.states.get(table.table_id) ?? null, store.now.value))
  return (
    <svg class="outlines" aria-hidden="true" preserveAspectRatio="xMidYMid slice" viewBox={`0 0 ${reference.width} ${reference.height}`}>
      {layout.tables.map(({ table_id, polygon }) => (
        <g key={table_id} class="table" data-state={tone(shown.find(({ table }) => table.table_id === table_id)?.state ?? 'unknown')}>
          <polygon points={pointsOf(polygon, reference)} vector-effect="non-scaling-stroke" />
        </g>
      ))}
    </svg>
  )
}

/** Its newest layout; null: it has none, or it is not loaded yet. */
function useLayout({ camera_id, layout_version }: Camera): Layout | null {
  const { client } = useStore()
  const [layout, setLayout] = useState<Layout | null>(null)
  useEffect(() => {
    if (layout_version === null) return setLayout(null)
    let left = false
    client.layout(camera_id, layout_version).then(
      (found) => left || setLayout(found),
      () => undefined, // the picture is shown without
    )
    return () => void (left = true)
  }, [camera_id, layout_version])
  return layout
}
