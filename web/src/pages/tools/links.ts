import type { TabLink } from 'widgets/layout/TabLinks';

export const TOOLS_LINKS: readonly TabLink[] = [
  { to: '/tools', label: 'Tools' },
  { to: '/tools/errors', label: 'Errors' },
];
