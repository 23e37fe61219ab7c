import { useEffect } from 'react';

// j and k move the focus along `selector`, wherever on the page it was; Enter is the browser's own.
// Fields, tables and dialogs keep their keys.
export function useRowKeys(selector: string): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
      if (step === 0 || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, dialog, [role=grid]')) return;
      const rows = [...document.querySelectorAll<HTMLElement>(selector)];
      const at = rows.findIndex((row) => row === target || row.closest('li')?.contains(target));
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
      if (!next) return;
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: 'nearest' });
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [selector]);
}
