// What the list shows, taken elsewhere: as a file, or as a command that asks for the same.

import { useState } from 'react';
import { apiUrl } from 'api/client';
import { useGet } from 'api/query';
import { rangeInText } from 'base/range';
import { visibleText } from 'base/text';
import { Dialog } from 'widgets/overlay/Dialog';
import type { View } from 'widgets/page/useView';
import { Code } from 'widgets/text/Code';
import { curlCommand, EXPORT_FORMATS, listCommand, type ExportFormat } from './commands';

const WORDS: Record<ExportFormat, string> = {
  jsonl: 'JSON Lines: one span a line, whole; can be imported into another Pitot',
  otlp: 'OTLP/JSON: one span a line, for any OpenTelemetry receiver',
  parquet: 'Parquet: a row a span with its cost, for analysis',
};

interface ExportDialogProps {
  view: View;
  q: string; // The view's filter, or the traces that were chosen.
  onClose: () => void;
}

export function ExportDialog({ view, q, onClose }: ExportDialogProps) {
  const [format, setFormat] = useState<ExportFormat>('jsonl');
  const { data: session } = useGet('/api/v1/session', {}, { staleMs: Infinity });
  const withKey = Boolean(session?.key);
  const { origin } = window.location;
  const asked = { since: view.since, ...(view.until && { until: view.until }), ...(q && { q }) };
  const file = apiUrl('/api/v1/export', { ...asked, format });
  return (
    <Dialog
      title="Export"
      width={640}
      onClose={onClose}
      actions={
        <a className="button main" href={file} download onClick={onClose}>
          Download
        </a>
      }
    >
      <div className="traces-export">
        <p>
          Spans that ended in this window ({rangeInText(view.since, view.until, new Date())})
          {q === '' ? (
            ', all of them'
          ) : (
            <>
              {' '}
              and satisfy <code>{visibleText(q)}</code> themselves
            </>
          )}
          , with their contents.
        </p>
        <fieldset>
          <legend>Format</legend>
          {EXPORT_FORMATS.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="format"
                checked={one === format}
                onChange={() => setFormat(one)}
              />
              {WORDS[one]}
            </label>
          ))}
        </fieldset>
        <h3>The same file in a terminal</h3>
        <Code text={`${curlCommand(origin, file, withKey)} -O -J`} />
        <h3>This list in a terminal</h3>
        <Code text={listCommand(origin, asked)} />
        <Code text={curlCommand(origin, apiUrl('/api/v1/traces', asked), withKey)} />
        {withKey && (
          <p className="dim">
            Put an API key with the scope read into PITOT_KEY: Settings makes one.
          </p>
        )}
      </div>
    </Dialog>
  );
}
