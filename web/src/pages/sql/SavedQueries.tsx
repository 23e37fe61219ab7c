// Queries with a name, for everybody of the project.

import { useState } from 'react';
import { useGet } from 'api/query';
import { Form, FormButtons, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Icon } from 'widgets/figures/Icon';
import { EmptyState } from 'widgets/layout/EmptyState';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Dialog } from 'widgets/overlay/Dialog';
import { titleOf } from './history';
import type { SqlPageView } from './useSqlView';

const PAGE = '/sql';

export function SavedQueries({ view }: { view: SqlPageView }) {
  const { draft, search, change, setDraft } = view;
  const views = useGet('/api/v1/views', {});
  const [name, setName] = useState('');
  const [asked, setAsked] = useState<{ id: string; name: string } | null>(null);
  const save = useAction(
    (api, body: { name: string; search: Record<string, string> }) =>
      api.post('/api/v1/views', {}, { ...body, page: PAGE }),
    {
      done: (saved) => `“${saved.name}” is saved`,
      refresh: ['/api/v1/views'],
      then: () => setName(''),
      quiet: true,
    },
  );
  const remove = useAction(
    (api, { id }: { id: string; name: string }) =>
      api.delete('/api/v1/views/{view_id}', { view_id: id }),
    {
      done: (_, { name: gone }) => `“${gone}” is removed`,
      refresh: ['/api/v1/views'],
      then: () => setAsked(null),
    },
  );
  const { sql: _, side: __, ...shown } = search;
  const kept = Object.entries({ ...shown, sql: draft }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const own = views.data?.views.filter(({ page }) => page === PAGE);
  return (
    <div className="sql-queries">
      <Form
        onSubmit={() => save.run({ name: name.trim(), search: Object.fromEntries(kept) })}
        error={save.error}
      >
        <TextField
          label="Save the query as"
          value={name}
          onChange={setName}
          placeholder={titleOf(draft).slice(0, 60) || 'Spend by team'}
        />
        <FormButtons>
          <button
            type="submit"
            className="button"
            disabled={save.busy || name.trim() === '' || draft.trim() === ''}
          >
            <Icon name="save" />
            Save
          </button>
        </FormButtons>
      </Form>
      {own === undefined &&
        (views.error ? (
          <ErrorNotice error={views.error} retry={() => void views.refetch()} />
        ) : (
          <Waiting title="Reading …" />
        ))}
      {own?.length === 0 && (
        <EmptyState title="Nothing is saved">
          A saved query is there for everybody of this project.
        </EmptyState>
      )}
      <ul>
        {own?.map(({ id, name: called, search: saved, created_by, may_change }) => (
          <li key={id}>
            <button
              type="button"
              className="sql-query"
              title={saved['sql']}
              onClick={() => {
                setDraft(saved['sql'] ?? '');
                const { show, x, y, by, as } = saved;
                change({ sql: saved['sql'], show, x, y, by, as });
              }}
            >
              {called}
            </button>
            {created_by && <span className="dim">{created_by}</span>}
            {may_change && (
              <button
                type="button"
                className="button plain small"
                aria-label={`Remove ${called}`}
                onClick={() => setAsked({ id, name: called })}
              >
                <Icon name="trash" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {asked && (
        <Dialog
          title="Remove the query?"
          onClose={() => setAsked(null)}
          actions={
            <>
              <button type="button" className="button" onClick={() => setAsked(null)}>
                Keep it
              </button>
              <button
                type="button"
                className="button danger"
                disabled={remove.busy}
                onClick={() => remove.run(asked)}
              >
                Remove
              </button>
            </>
          }
        >
          “{asked.name}” is gone for everybody of the project.
        </Dialog>
      )}
    </div>
  );
}
