// Icons as paths of 24 by 24: nothing to load, and they take the colour of the text.
const PATHS: Record<string, string> = {
  floor: 'M4 9h16M6 9v11M18 9v11M9 9V5h6v4',
  cameras: 'M3 7h12v10H3zM15 11l6-3v8l-6-3',
  videos: 'M4 5h16v14H4zM10 9l5 3-5 3z',
  hazards: 'M12 4 2.5 20h19zM12 10v5M12 17.5v.5',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
}

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? ''} />
    </svg>
  )
}
