import { Count } from 'widgets/figures/cells';
import { Icon } from 'widgets/figures/Icon';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { Code } from 'widgets/text/Code';
import { priceLines, type Unpriced } from './prices';

const LINES_MAX = 8; // Models whose lines are written out.

const COLUMNS: readonly Column<Unpriced>[] = [
  { id: 'model', label: 'Model', width: 'minmax(160px, 2fr)', value: ({ model }) => model },
  {
    id: 'provider',
    label: 'Provider',
    width: 'minmax(90px, 1fr)',
    value: ({ provider }) => provider,
  },
  {
    id: 'calls',
    label: 'Calls',
    number: true,
    value: ({ calls }) => calls,
    cell: ({ calls }) => <Count value={calls} />,
  },
  {
    id: 'tokens',
    label: 'Tokens',
    number: true,
    value: ({ tokens }) => tokens,
    cell: ({ tokens }) => <Count value={tokens} />,
  },
  {
    id: 'first_at',
    label: 'First',
    width: '110px',
    value: ({ first_at }) => first_at,
    cell: ({ first_at }) => <RelativeTime at={first_at} />,
  },
  {
    id: 'last_at',
    label: 'Last',
    width: '110px',
    value: ({ last_at }) => last_at,
    cell: ({ last_at }) => <RelativeTime at={last_at} />,
  },
];

export function UnpricedModels({
  unpriced,
  onReprice,
}: {
  unpriced: readonly Unpriced[];
  onReprice?: () => void;
}) {
  if (unpriced.length === 0) {
    return (
      <p>
        <span className="good">
          <Icon name="check" />
        </span>{' '}
        Every model that was called in the last 7 days has a price.
      </p>
    );
  }
  return (
    <div className="settings-words">
      <DataTable
        label="Models without a price"
        rows={unpriced}
        columns={COLUMNS}
        rowKey={({ provider, model }) => `${provider}|${model}`}
        sort={{ by: 'calls', desc: true }}
        link={({ model }) => ({
          to: '/traces',
          search: { since: '7d', q: undefined },
          narrow: { model },
        })}
      />
      <p>
        To price them: put these lines, with their prices, into a file, name it in pitot.yaml as{' '}
        <code>
          prices: {'{'}file: prices.yaml{'}'}
        </code>{' '}
        (or PITOT_PRICES_FILE), and start the server again. What comes afterwards is priced by it
        {onReprice ? '; what is stored, when you price it anew.' : '.'}
      </p>
      <Code text={priceLines(unpriced.slice(0, LINES_MAX))} />
      {onReprice && (
        <p>
          <button type="button" className="button" onClick={onReprice}>
            Price what is stored anew
          </button>
        </p>
      )}
    </div>
  );
}
