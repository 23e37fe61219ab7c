// Columns of tables of objectives, alike wherever one stands.
//
//   const COLUMNS = [nameColumn, SLO_STATE, ...SLO_BUDGET];

import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';
import { Bar } from 'widgets/figures/Bar';
import { Percent } from 'widgets/figures/cells';
import { Pill } from 'widgets/figures/Pill';
import type { Column } from 'widgets/table/columns';

type Slo = Schema<'Slo'>;

export const SLO_TONES: Record<Slo['state'], Tone> = {
  ok: 'good',
  burning: 'warn',
  exhausted: 'bad',
  no_data: 'neutral',
  loading: 'neutral',
  error: 'bad',
};

export const SLO_STATE: Column<Slo> = {
  id: 'state',
  label: 'State',
  width: '92px',
  value: ({ state }) => state,
  cell: ({ state, error }) => (
    <Pill tone={SLO_TONES[state]} {...(error !== null && { title: error })}>
      {state.replace('_', ' ')}
    </Pill>
  ),
};

// How much of the error budget is left, as a figure and as a bar.
export const SLO_BUDGET: readonly Column<Slo>[] = [
  {
    id: 'budget_left',
    label: 'Budget left',
    number: true,
    width: '84px',
    value: ({ budget_left }) => budget_left,
    cell: ({ budget_left }) => (
      <span className={budget_left !== null && budget_left <= 0 ? 'bad' : undefined}>
        <Percent share={budget_left} of="the error budget" />
      </span>
    ),
  },
  {
    id: 'bar',
    label: 'Left as a bar',
    fixed: true,
    quiet: true,
    width: 'minmax(50px, 0.9fr)',
    value: ({ budget_left }) => budget_left,
    cell: ({ budget_left, state }) => (
      <Bar
        share={budget_left}
        color={state === 'burning' ? 'var(--warn)' : 'var(--good)'}
        label="of the error budget is left"
      />
    ),
  },
];
