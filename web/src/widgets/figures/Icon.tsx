// Small line icons, drawn here: no fonts, no network.

const PATHS = {
  agent:
    'M8 2.2v2M4 4.2h8a1.6 1.6 0 0 1 1.6 1.6v5.4a1.6 1.6 0 0 1-1.6 1.6H4a1.6 1.6 0 0 1-1.6-1.6V5.8A1.6 1.6 0 0 1 4 4.2ZM5.8 8v1M10.2 8v1',
  llm: 'M8 2.3 9.3 6.7 13.7 8 9.3 9.3 8 13.7 6.7 9.3 2.3 8 6.7 6.7Z',
  tool: 'M9.8 2.6a3.4 3.4 0 0 0-3.2 4.6L2.6 11.2a1.5 1.5 0 0 0 2.2 2.2l4-4a3.4 3.4 0 0 0 4.4-4.2L11 7.4 8.6 5l2.2-2.2a3.4 3.4 0 0 0-1-.2Z',
  retriever: 'M7 2.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8ZM10.2 10.2l3.2 3.2',
  embedding: 'M3 3h3v3H3zM10 3h3v3h-3zM3 10h3v3H3zM10 10h3v3h-3zM6 4.5h4M4.5 6v4M11.5 6v4',
  reranker: 'M4.5 13V3M2.3 5.2 4.5 3l2.2 2.2M9 4h5M9 8h4M9 12h2.6',
  guardrail: 'M8 2.2 13 4v4c0 3-2.2 5-5 5.8C5.2 13 3 11 3 8V4Z',
  evaluator: 'M2.8 8.4 6.2 12 13.2 4',
  chain:
    'M6.6 9.4a2.6 2.6 0 0 1 0-3.7l2-2a2.6 2.6 0 0 1 3.7 3.7l-1 1M9.4 6.6a2.6 2.6 0 0 1 0 3.7l-2 2a2.6 2.6 0 0 1-3.7-3.7l1-1',
  span: 'M2.5 8h11M2.5 5.5v5M13.5 5.5v5',
  open: 'M5.5 3.5 10.5 8l-5 4.5',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 2.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8ZM10.2 10.2l3.2 3.2',
  error: 'M8 2.4 14.2 13H1.8ZM8 6.4v3.2M8 11.2v.4',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  copy: 'M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3Z',
  up: 'M3.5 10 8 5.5l4.5 4.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  overview: 'M2.5 13.5v-4M6.2 13.5v-7M9.8 13.5V9M13.5 13.5v-11',
  traces: 'M2.5 4h7M5 8h8.5M8 12h4',
  cost: 'M8 2v12M11 4.8C10.4 3.9 9.3 3.5 8 3.5c-1.7 0-3 .8-3 2.1 0 3.2 6.2 1.5 6.2 4.7 0 1.4-1.4 2.2-3.2 2.2-1.5 0-2.7-.6-3.3-1.6',
  latency: 'M8 2.5a5.7 5.7 0 1 1 0 11.4A5.7 5.7 0 0 1 8 2.5ZM8 5v3.3l2.2 1.5',
  quality: 'M8 2.2 9.8 6l4.1.5-3 2.8.8 4.1L8 11.4l-3.7 2 .8-4.1-3-2.8L6.2 6Z',
  alerts:
    'M8 2.2c-2.4 0-4 1.8-4 4.2 0 3-1.5 4-1.5 5h11c0-1-1.5-2-1.5-5 0-2.4-1.6-4.2-4-4.2ZM6.5 13.6h3',
  preflight: 'M3 2.8h10v10.6H3ZM5.2 6.2l1 1 1.6-1.8M5.2 10.4l1 1 1.6-1.8M9.8 6.4h1.4M9.8 10.6h1.4',
  sql: 'M8 2.4c2.8 0 4.8.8 4.8 2s-2 2-4.8 2-4.8-.8-4.8-2 2-2 4.8-2ZM3.2 4.4v7.2c0 1.2 2 2 4.8 2s4.8-.8 4.8-2V4.4M3.2 8c0 1.2 2 2 4.8 2s4.8-.8 4.8-2',
  settings: 'M2.5 4.5h6M12 4.5h1.5M10.2 2.9v3.2M2.5 11.5H4M7.5 11.5h6M5.8 9.9v3.2',
  menu: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  more: 'M3.5 8h.1M8 8h.1M12.4 8h.1',
  help: 'M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M8 12v.1',
  system: 'M2.5 3.5h11v7.5h-11ZM6 13.5h4',
  light:
    'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1.8v1M8 13.2v1M1.8 8h1M13.2 8h1M3.6 3.6l.7.7M11.7 11.7l.7.7M3.6 12.4l.7-.7M11.7 4.3l.7-.7',
  dark: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z',
  fold: 'M9.5 4 5.5 8l4 4M12.8 3v10',
  unfold: 'M6.5 4l4 4-4 4M3.2 3v10',
  columns: 'M2.5 3h11v10h-11ZM6.2 3v10M9.8 3v10',
  table: 'M2.5 3h11v10h-11ZM2.5 6.3h11M2.5 9.6h11M6.8 6.3V13',
  chart: 'M2.5 2.5v11h11M5 10l2.6-3 2.2 1.8L13 5',
  plus: 'M8 3v10M3 8h10',
  check: 'M3 8.5 6.4 12 13 4.5',
  trash: 'M3 4.5h10M6.2 4.5V3h3.6v1.5M4.4 4.5l.6 9h6l.6-9',
  edit: 'M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3Z',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5.3h-2.8',
  external: 'M6.5 3.5H3v9.5h9.5V9.5M9 2.8h4.2V7M13 3 7.5 8.5',
  save: 'M3.5 2.5h9v11L8 10.6l-4.5 2.9Z',
  play: 'M5 3.2 12.5 8 5 12.8Z',
  clock: 'M8 2.5a5.7 5.7 0 1 1 0 11.4A5.7 5.7 0 0 1 8 2.5ZM8 5v3.3l2.2 1.5',
  info: 'M8 2.3a5.7 5.7 0 1 1 0 11.4A5.7 5.7 0 0 1 8 2.3ZM8 7.4v3.4M8 5.1v.1',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg className={className} width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
