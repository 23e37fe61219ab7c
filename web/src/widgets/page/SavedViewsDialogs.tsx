import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Form, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import { CopyButton } from 'widgets/text/CopyButton';
import type { SavedView } from './SavedViews';
import { describeSearch, sameSearch, viewUrl, type SavedSearch } from './savedSearch';

const NAME_CHARS_MAX = 100;

interface SaveViewDialogProps {
  page: string;
  search: SavedSearch;
  views: readonly SavedView[];
  onClose: () => void;
}

export function SaveViewDialog({ page, search, views, onClose }: SaveViewDialogProps) {
  const [name, setName] = useState('');
  const wanted = name.trim();
  const taken = views.find((view) => view.name === wanted);
  const save = useAction(
    (api, id: string | undefined) =>
      api.post('/api/v1/views', {}, { name: wanted, page, search, ...(id && { id }) }),
    {
      done: `The view "${wanted}" is saved, for everybody of this project`,
      refresh: ['/api/v1/views'],
      then: onClose,
      quiet: true,
    },
  );
  const long = wanted.length > NAME_CHARS_MAX;
  return (
    <Dialog title="Save this view" onClose={onClose}>
      <Form onSubmit={() => save.run(taken?.id)} error={save.error}>
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          required
          error={
            long
              ? `At most ${NAME_CHARS_MAX} characters`
              : taken && !taken.may_change
                ? 'Somebody else has a view of this name: choose another'
                : null
          }
          hint={taken ? 'There is a view of this name: saving replaces it' : undefined}
        />
        <ul className="views-holds mono" aria-label="What it holds">
          {describeSearch(search).map((line) => (
            <li key={line}>{visibleText(line)}</li>
          ))}
          {Object.keys(search).length === 0 && <li>the page as it opens</li>}
        </ul>
        <div className="form-buttons">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="button main"
            disabled={save.busy || wanted === '' || long || taken?.may_change === false}
          >
            {taken ? 'Replace it' : 'Save'}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

interface ManageViewsDialogProps {
  views: readonly SavedView[];
  here: SavedSearch;
  onClose: () => void;
}

export function ManageViewsDialog({ views, here, onClose }: ManageViewsDialogProps) {
  const [asked, setAsked] = useState<string | null>(null);
  const refresh = ['/api/v1/views'] as const;
  const remove = useAction(
    (api, view: SavedView) => api.delete('/api/v1/views/{view_id}', { view_id: view.id }),
    { done: (_, view) => `The view "${view.name}" is deleted`, refresh },
  );
  const update = useAction(
    (api, { id, name, page }: SavedView) =>
      api.post('/api/v1/views', {}, { id, name, page, search: here }),
    { done: (_, view) => `"${view.name}" now shows what you see`, refresh },
  );
  return (
    <Dialog title="Saved views" onClose={onClose} width={640}>
      {views.length === 0 && <p className="dim">None is left.</p>}
      <ul className="views-list">
        {views.map((view) => (
          <li key={view.id}>
            <div className="views-what">
              <Link to={view.page} search={view.search as never} onClick={onClose}>
                {visibleText(view.name)}
              </Link>
              <span className="dim cut" title={describeSearch(view.search).join('\n')}>
                {view.created_by !== '' && `${visibleText(view.created_by)}, `}
                <RelativeTime at={view.changed_at} />
              </span>
            </div>
            <CopyButton
              text={() => viewUrl(window.location.origin, view.page, view.search)}
              label="Copy link"
            />
            {view.may_change && !sameSearch(view.search, here) && (
              <button
                type="button"
                className="button plain small"
                title="Make it show what the page shows now"
                disabled={update.busy}
                onClick={() => update.run(view)}
              >
                <Icon name="refresh" />
                Update
              </button>
            )}
            {view.may_change &&
              (asked === view.id ? (
                <button
                  type="button"
                  className="button small danger"
                  disabled={remove.busy}
                  onClick={() => remove.run(view)}
                >
                  Delete for everybody
                </button>
              ) : (
                <button
                  type="button"
                  className="button plain small"
                  aria-label={`Delete ${visibleText(view.name)}`}
                  onClick={() => setAsked(view.id)}
                >
                  <Icon name="trash" />
                </button>
              ))}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
