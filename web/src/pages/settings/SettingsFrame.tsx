// The head that the parts of the settings share.

import type { ReactNode } from 'react';
import { useTitle } from 'base/title';
import { TabLinks, type TabLink } from 'widgets/layout/TabLinks';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import './settings.css';

const PARTS: readonly TabLink[] = [
  { to: '/settings', label: 'Server' },
  { to: '/settings/keys', label: 'Keys' },
  { to: '/settings/prices', label: 'Prices' },
  { to: '/settings/retention', label: 'Data' },
  { to: '/settings/receipts', label: 'Receipts' },
];

export function SettingsFrame({
  part,
  actions,
  children,
}: {
  part: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useTitle(part === 'Server' ? 'Settings' : `${part} · Settings`);
  return (
    <PageFrame
      title="Settings"
      actions={actions}
      tabs={<TabLinks label="Settings" links={PARTS} />}
    >
      <Panels>{children}</Panels>
    </PageFrame>
  );
}
