// Something to read or decide before going on: the browser's own <dialog>, which keeps the focus inside
// and closes by Esc. Render it while it is open:
//
//   {open && <Dialog title="Delete the budget?" onClose={close} actions={<>...</>}>...</Dialog>}

import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Icon } from 'widgets/figures/Icon';
import './Dialog.css';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  actions?: ReactNode; // Buttons at its foot, the main one last.
  width?: number;
}

export function Dialog({ title, onClose, children, actions, width = 480 }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    if (!element.open) element.showModal();
    return () => {
      element.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      style={{ width: `min(${width}px, calc(100vw - 24px))` }}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // Keys inside are not the page's.
      onKeyDown={(event) => event.stopPropagation()}
      // Beside it: the dialog itself is the target only of clicks on its backdrop.
      onPointerDown={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className="dialog-inner">
        <header className="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" className="button plain small" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div className="dialog-body">{children}</div>
        {actions && <footer className="dialog-foot">{actions}</footer>}
      </div>
    </dialog>
  );
}
