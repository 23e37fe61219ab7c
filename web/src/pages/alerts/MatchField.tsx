// Matchers over the labels of alerts, written as Alertmanager's tools take them.

import { useEffect, useId, useState } from 'react';
import { classes } from 'base/classes';

export function MatchField({
  value,
  error,
  onChange,
}: {
  value: string;
  error: string | null;
  onChange: (value: string) => void;
}) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const id = useId();
  return (
    <form
      className="match-field"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim());
      }}
    >
      <input
        className={classes('field mono', error !== null && 'match-wrong')}
        aria-label="Matchers"
        aria-keyshortcuts="/"
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : id}
        placeholder={'severity=page, feature=~"check.*"'}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value);
          if (event.target.value === '') onChange('');
        }}
        onBlur={() => text.trim() !== value && onChange(text.trim())}
      />
      {error !== null && (
        <p id={id} className="match-error bad" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
