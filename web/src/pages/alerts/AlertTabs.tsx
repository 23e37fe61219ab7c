import { TabLinks, type TabLink } from 'widgets/layout/TabLinks';

const LINKS: readonly TabLink[] = [
  { to: '/alerts', label: 'Alerts' },
  { to: '/alerts/slos', label: 'Objectives' },
  { to: '/alerts/silences', label: 'Silences' },
  { to: '/alerts/runbooks', label: 'Runbooks' },
];

export function AlertTabs() {
  return <TabLinks label="Alerts and objectives" links={LINKS} />;
}
