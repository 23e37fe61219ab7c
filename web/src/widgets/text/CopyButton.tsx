import { useEffect, useState } from 'react';
import { Icon } from 'widgets/figures/Icon';

export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return undefined;
    const timer = setTimeout(() => setSaid(''), 1500);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid('Copied');
    } catch {
      setSaid('The browser refused');
    }
  };
  return (
    <button type="button" className="button plain small" onClick={() => void copy()}>
      <Icon name="copy" />
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}
