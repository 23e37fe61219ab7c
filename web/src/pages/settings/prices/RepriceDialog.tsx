// Prices stored calls anew: first what would change, then, when asked again, for good.

import { useState } from 'react';
import { readProgress, type Progress } from 'api/progress';
import { formatInt, plural } from 'base/format';
import { TIME_RANGES } from 'base/range';
import { Money } from 'widgets/figures/cells';
import { Form, FormButtons, SelectField, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { ProgressBar } from '../Progress';
import type { Repriced } from './prices';

const WINDOWS = [
  ...TIME_RANGES.map(({ since, label }) => ({ value: since, label })),
  { value: '3650d', label: 'Everything that is stored' },
];

interface Wanted {
  since: string;
  q: string;
  dry: boolean;
}

export function RepriceDialog({ onClose }: { onClose: () => void }) {
  const [since, setSince] = useState('7d');
  const [q, setQ] = useState('');
  const [progress, setProgress] = useState<Progress | null>(null);
  const [result, setResult] = useState<Repriced | null>(null);
  const reprice = useAction(
    (api, wanted: Wanted) => {
      setProgress(null);
      setResult(null);
      const params = { since: wanted.since, q: wanted.q || undefined, dry_run: wanted.dry };
      return readProgress<Repriced>(api.sendPieces('POST', '/api/v1/reprice', params), setProgress);
    },
    {
      refresh: ['/api/v1/prices', '/api/v1/cost'],
      then: setResult,
      quiet: true,
    },
  );
  const preview = result?.dry_run === true;
  const forget = () => setResult(null);
  return (
    <Dialog title="Price what is stored anew" onClose={onClose} width={680}>
      <Form onSubmit={() => reprice.run({ since, q, dry: !preview })} error={reprice.error}>
        <p>
          Calls are priced again by the prices that hold now; the price file is read again first. A
          cost that a provider reported stays.
        </p>
        <div className="settings-pair">
          <SelectField
            label="Calls of"
            value={since}
            options={WINDOWS}
            disabled={reprice.busy}
            onChange={(value) => {
              setSince(value);
              forget();
            }}
          />
          <TextField
            label="Filter"
            value={q}
            placeholder="model = house-model-1"
            hint="Empty: all calls"
            mono
            disabled={reprice.busy}
            onChange={(value) => {
              setQ(value);
              forget();
            }}
          />
        </div>
        {reprice.busy && <ProgressBar progress={progress} of="calls" />}
        {result && <Result result={result} />}
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            {result && !preview ? 'Close' : 'Cancel'}
          </button>
          {result !== null && !preview ? null : (
            <button
              type="submit"
              className="button main"
              disabled={reprice.busy || (preview && result.changed === 0)}
            >
              {preview ? `Price ${plural(result.changed, 'call')} anew` : 'Show what would change'}
            </button>
          )}
        </FormButtons>
      </Form>
    </Dialog>
  );
}

type Line = Repriced['models'][number];

const COLUMNS: readonly Column<Line>[] = [
  { id: 'model', label: 'Model', width: 'minmax(140px, 2fr)', value: ({ model }) => model },
  {
    id: 'changed',
    label: 'Changed',
    number: true,
    value: ({ changed }) => changed,
    cell: ({ changed, spans }) => `${formatInt(changed)} of ${formatInt(spans)}`,
  },
  {
    id: 'before',
    label: 'Before',
    number: true,
    value: ({ before_usd }) => before_usd,
    cell: ({ before_usd }) => <Money usd={before_usd} />,
  },
  {
    id: 'after',
    label: 'After',
    number: true,
    value: ({ after_usd }) => after_usd,
    cell: ({ after_usd }) => <Money usd={after_usd} />,
  },
];

function Result({ result }: { result: Repriced }) {
  return (
    <div className="settings-words" role="status">
      <p>
        {result.dry_run ? 'Would change' : 'Changed'}: <strong>{formatInt(result.changed)}</strong>{' '}
        of {plural(result.spans, 'call')}, from <Money usd={result.cost_before_usd} /> to{' '}
        <Money usd={result.cost_after_usd} />. Prices: {result.price_version}.
      </p>
      {result.models.length > 0 && (
        <DataTable
          label="By model"
          rows={result.models}
          columns={COLUMNS}
          rowKey={({ provider, model }) => `${provider}|${model}`}
          sort={{ by: 'changed', desc: true }}
          height="min(36vh, 320px)"
        />
      )}
    </div>
  );
}
