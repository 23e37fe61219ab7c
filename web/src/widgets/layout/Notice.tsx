// What went wrong or is missing, in words, and what to do about it.

import type { ReactNode } from 'react';
import { ApiError } from 'api/client';
import './Notice.css';

export function Notice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="notice">
      <p className="notice-title">{title}</p>
      {children}
    </div>
  );
}

// Shown when something takes longer than a moment.
export function Waiting({ title }: { title: string }) {
  return (
    <p className="notice waiting" role="status">
      {title}
    </p>
  );
}

export function ErrorNotice({ error, retry }: { error: Error; retry?: () => void }) {
  const title = error instanceof ApiError ? error.message : `This page failed: ${error.message}`;
  return (
    <div className="notice" role="alert">
      <p className="notice-title bad">{title}</p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
