// Something to copy: a command, an id, a piece of configuration.

import { CopyButton } from './CopyButton';
import './Code.css';

export function Code({ text, label = 'Copy' }: { text: string; label?: string }) {
  return (
    <div className="code">
      <pre>{text}</pre>
      <CopyButton text={() => text} label={label} />
    </div>
  );
}
