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
