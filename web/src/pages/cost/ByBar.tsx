// By what the chart and the table tell spending apart: usual ones at a click, or any up to three.

import { useGet } from 'api/query';
import { Choice, Select } from 'widgets/form/Choice';
import type { View } from 'widgets/page/useView';
import { BY_MAX, byWith, dimensionLabel, dimensionsOf, PRESETS } from './dimensions';

const NONE = 'none';

export function ByBar({ by, view }: { by: readonly string[]; view: View }) {
  const fields = useGet('/api/v1/fields', {}, { staleMs: Infinity });
  const known = fields.data ? dimensionsOf(fields.data.fields) : by;
  const names = [...new Set([...by, ...known])];
  const choose = (next: readonly string[]) => view.change({ by: next.join(','), rows: undefined });
  const text = by.join(',');
  const preset = PRESETS.find((one) => one.by.join(',') === text);
  return (
    <div className="cost-by" role="group" aria-label="Spending by">
      <span className="cost-by-presets">
        <Choice
          label="Usual groups"
          value={preset?.label ?? ''}
          options={PRESETS.map(({ label }) => ({ value: label, label }))}
          onChange={(label) => choose(PRESETS.find((one) => one.label === label)!.by)}
        />
      </span>
      {[...by, ...(by.length < BY_MAX ? [undefined] : [])].map((field, place) => (
        <label key={place} className="cost-by-field">
          {place === 0 ? 'by' : 'then'}
          <Select
            label={`Group ${place + 1}`}
            value={field ?? NONE}
            options={[
              ...(place > 0 ? [{ value: NONE, label: '–' }] : []),
              ...names
                .filter((name) => name === field || !by.includes(name) || place === 0)
                .map((name) => ({ value: name, label: dimensionLabel(name) })),
            ]}
            onChange={(name) => choose(byWith(by, place, name === NONE ? undefined : name))}
          />
        </label>
      ))}
    </div>
  );
}
