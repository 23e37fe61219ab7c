// A link somebody else wrote. It says where it leads, and is followed only after its whole address was
// seen: what is written on it may lie.

import { useState, type ReactNode } from 'react';
import { Dialog } from 'widgets/overlay/Dialog';
import { CopyButton } from './CopyButton';
import './OutsideLink.css';

// `href`: checked by safeHref of markdownInline.ts.
export function OutsideLink({ href, children }: { href: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="outside-link"
        title={`Leads to ${href}`}
        onClick={() => setOpen(true)}
      >
        {children} <span className="outside-link-host">{hostOf(href)}</span>
      </button>
      {open && (
        <Dialog
          title="Open this address?"
          onClose={() => setOpen(false)}
          actions={
            <>
              <CopyButton text={() => href} label="Copy the address" />
              <a
                className="button main"
                href={href}
                target="_blank"
                rel="noopener noreferrer"
                onClick={() => setOpen(false)}
              >
                Open in a new tab
              </a>
            </>
          }
        >
          <p>It stands in a text that was sent here, and leads out of Pitot:</p>
          <p className="outside-link-address mono">{href}</p>
        </Dialog>
      )}
    </>
  );
}

function hostOf(href: string): string {
  const url = new URL(href);
  return url.protocol === 'mailto:' ? url.pathname : url.host;
}
