import type { TabLink } from 'widgets/layout/TabLinks';

export const TRACES_LINKS: readonly TabLink[] = [
  { to: '/traces', label: 'Traces' },
  { to: '/traces/sessions', label: 'Sessions and users' },
];
