// Nothing is here, and what to do next: in words, with a command to copy or a link.

import type { ReactNode } from 'react';
import { Code } from 'widgets/text/Code';
import './EmptyState.css';

interface EmptyStateProps {
  title: string;
  children?: ReactNode; // Why, and what to do.
  command?: string;
  actions?: ReactNode;
}

export function EmptyState({ title, children, command, actions }: EmptyStateProps) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="empty-text">{children}</div>}
      {command !== undefined && <Code text={command} />}
      {actions}
    </div>
  );
}
