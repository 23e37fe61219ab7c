// Silences: what nobody is told of for a while, why, and by whom.

import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { formatInt, parseTime } from 'base/format';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Choice } from 'widgets/form/Choice';
import { useAction } from 'widgets/form/useAction';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { Dialog } from 'widgets/overlay/Dialog';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { ViewLink } from 'widgets/page/ViewLink';
import { AlertTabs } from '../AlertTabs';
import { At } from '../At';
import { useRowKeys } from 'widgets/page/useRowKeys';
import { SLOW_MS } from '../words';
import { draftOf, matchText, opOf } from './matchers';
import { SilenceDialog } from './SilenceDialog';
import '../alerts.css';
import './silences.css';

export type Silence = Schema<'AlertSilence'>;
type State = Silence['state'];
type Doing = { what: 'make' } | { what: 'change' | 'again' | 'expire'; silence: Silence };

const ORDER: Record<State, number> = { active: 0, pending: 1, expired: 2 };
const TONES = { active: 'accent', pending: 'warn', expired: 'neutral' } as const;

export function SilencesView() {
  const view = useView();
  const search: { state?: string; silence?: string } = useSearch({ strict: false });
  const shown = search.state === 'expired' ? 'expired' : 'current';
  const silences = useGet('/api/v1/silences', {}, { everyMs: SLOW_MS });
  const [doing, setDoing] = useState<Doing | null>(null);
  useRowKeys('.silence-row');
  const list = [...(silences.data?.silences ?? [])].sort(
    (a, b) => ORDER[a.state] - ORDER[b.state] || parseTime(b.updated_at) - parseTime(a.updated_at),
  );
  const expired = list.filter(({ state }) => state === 'expired');
  const current = list.filter(({ state }) => state !== 'expired');
  const rows = list.filter(
    (one) => one.id === search.silence || (one.state === 'expired') === (shown === 'expired'),
  );
  return (
    <PageFrame
      title="Silences"
      tabs={<AlertTabs />}
      actions={
        <>
          <span className="page-space" />
          <button type="button" className="button main" onClick={() => setDoing({ what: 'make' })}>
            <Icon name="plus" /> New silence
          </button>
        </>
      }
    >
      <Panels>
        <Panel
          title="Silences"
          help="Nobody is told of what a silence matches; it is still evaluated and shown. Those of amtool and of Alertmanager's API are the same ones."
          actions={
            <Choice
              label="Silences shown"
              value={shown}
              options={[
                { value: 'current', label: `Active and pending ${formatInt(current.length)}` },
                { value: 'expired', label: `Expired ${formatInt(expired.length)}` },
              ]}
              onChange={(next) =>
                view.change({ state: next === 'expired' ? next : undefined, silence: undefined })
              }
            />
          }
          state={silences}
          empty={() =>
            rows.length === 0 && (
              <EmptyState
                title={shown === 'expired' ? 'Nothing expired lately' : 'Nothing is silenced'}
                {...(shown === 'current' && {
                  command:
                    "pitot silence add feature=checkout --for 2h --comment 'rollback under way'",
                })}
              >
                {shown === 'expired'
                  ? 'Silences that ended stay here for five days.'
                  : 'A silence has labels to match, an end, and a reason. Make one here, from an alert, or on the command line:'}
              </EmptyState>
            )
          }
        >
          {() => (
            <ul className="alert-list" aria-label="Silences">
              {rows.map((silence) => (
                <SilenceRow
                  key={silence.id}
                  silence={silence}
                  marked={silence.id === search.silence}
                  onDo={setDoing}
                />
              ))}
            </ul>
          )}
        </Panel>
      </Panels>
      <Doings doing={doing} onClose={() => setDoing(null)} />
    </PageFrame>
  );
}

function Doings({ doing, onClose }: { doing: Doing | null; onClose: () => void }) {
  if (doing === null) return null;
  if (doing.what === 'make') return <SilenceDialog title="New silence" onClose={onClose} />;
  const { silence } = doing;
  if (doing.what === 'expire') return <ExpireDialog silence={silence} onClose={onClose} />;
  const drafts = silence.matchers.map(draftOf);
  return doing.what === 'change' ? (
    <SilenceDialog title="Change the silence" drafts={drafts} silence={silence} onClose={onClose} />
  ) : (
    <SilenceDialog
      title="Silence again"
      drafts={drafts}
      comment={silence.comment}
      onClose={onClose}
    />
  );
}

function SilenceRow({
  silence,
  marked,
  onDo,
}: {
  silence: Silence;
  marked: boolean;
  onDo: (doing: Doing) => void;
}) {
  const { id, state, matchers, starts_at, ends_at, created_by, comment, alerts } = silence;
  const about = matchText(matchers.map(draftOf));
  return (
    <li
      className={marked ? 'alert-row silence-row silence-marked' : 'alert-row silence-row'}
      tabIndex={-1}
    >
      <div className="alert-main">
        <div className="alert-title">
          <Pill tone={TONES[state]}>{state}</Pill>
          <ul className="label-list" aria-label="Matchers">
            {matchers.map((matcher) => (
              <li key={JSON.stringify(matcher)} className="label-chip mono">
                {visibleText(matcher.name)}
                <span className="dim">{opOf(matcher)}</span>
                {visibleText(matcher.value) || '""'}
              </li>
            ))}
          </ul>
        </div>
        <p className="alert-summary">{visibleText(comment)}</p>
        <p className="dim" title={id}>
          by {visibleText(created_by)}, from <At at={starts_at} /> to <At at={ends_at} />
        </p>
      </div>
      <div className="alert-side">
        <span className={alerts > 0 ? 'alert-value' : 'dim'}>
          {state === 'expired' ? (
            'over'
          ) : alerts > 0 ? (
            <ViewLink to="/alerts" search={{ match: about }}>
              silences {formatInt(alerts)} now
            </ViewLink>
          ) : (
            'matches nothing now'
          )}
        </span>
        <span className="dim">
          {state === 'pending' ? 'begins ' : state === 'active' ? 'ends ' : 'ended '}
          <RelativeTime at={state === 'pending' ? starts_at : ends_at} />
        </span>
        <div className="alert-actions">
          {state === 'expired' ? (
            <button
              type="button"
              className="button small"
              aria-label={`Silence again ${about}`}
              onClick={() => onDo({ what: 'again', silence })}
            >
              Again
            </button>
          ) : (
            <>
              <button
                type="button"
                className="button small"
                aria-label={`Change the silence of ${about}`}
                onClick={() => onDo({ what: 'change', silence })}
              >
                Change
              </button>
              <button
                type="button"
                className="button small danger"
                aria-label={`Expire the silence of ${about}`}
                onClick={() => onDo({ what: 'expire', silence })}
              >
                Expire
              </button>
            </>
          )}
        </div>
      </div>
    </li>
  );
}

function ExpireDialog({ silence, onClose }: { silence: Silence; onClose: () => void }) {
  const expire = useAction(
    (api, silence_id: string) => api.delete('/api/v1/silences/{silence_id}', { silence_id }),
    {
      done: 'The silence is over',
      refresh: ['/api/v1/silences', '/api/v1/alerts'],
      then: onClose,
      quiet: true,
    },
  );
  return (
    <Dialog
      title="Expire the silence?"
      onClose={onClose}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Keep it
          </button>
          <button
            type="button"
            className="button danger"
            disabled={expire.busy}
            onClick={() => expire.run(silence.id)}
          >
            Expire now
          </button>
        </>
      }
    >
      <p className="mono wrap">{visibleText(matchText(silence.matchers.map(draftOf)))}</p>
      <p>
        {silence.alerts > 0
          ? `The ${formatInt(silence.alerts)} that it silences now are told at the next evaluation, if they still fire.`
          : 'It matches nothing that fires now.'}
      </p>
      {expire.error !== null && (
        <p className="form-error" role="alert">
          {expire.error}
        </p>
      )}
    </Dialog>
  );
}
