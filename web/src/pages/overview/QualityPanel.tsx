import { useMemo } from 'react';
import { visibleText } from 'base/text';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { ViewLink } from 'widgets/page/ViewLink';
import type { View } from 'widgets/page/useView';
import { compareVersions, type PromptChange } from 'widgets/prompts/compare';
import { usePromptVersions } from 'widgets/prompts/usePromptVersions';
import { SLOW_MS } from './fresh';

const SHOWN = 5;

export function QualityPanel({ view }: { view: View }) {
  const prompts = usePromptVersions(view, view.live && SLOW_MS);
  const changes = useMemo(() => compareVersions(prompts.data ?? []), [prompts.data]);
  return (
    <Panel
      title="Quality since the last prompt change"
      cols={6}
      help="The newest version of each prompt against the one before it, by its calls in this window: errors, answers cut off at their limit, tool calls with invalid arguments, cost of a run and time of a call. Differences that chance explains are left out."
      link={{ to: '/quality', label: 'Quality' }}
      state={prompts}
      empty={(versions) =>
        versions.length === 0 && (
          <EmptyState title="No prompt has a name here">
            Give calls gen_ai.prompt.name and a version, and what changed with a version shows.
          </EmptyState>
        )
      }
    >
      {() => (
        <>
          <p className="overview-verdict">
            <Verdict changes={changes} />
          </p>
          <ul className="overview-list">
            {changes.slice(0, SHOWN).map((change) => (
              <Change key={change.prompt} change={change} />
            ))}
            {changes.length === 0 && <li className="dim">Each prompt has one version only.</li>}
            {changes.length > SHOWN && <li className="dim">and {changes.length - SHOWN} more</li>}
          </ul>
        </>
      )}
    </Panel>
  );
}

function Verdict({ changes }: { changes: readonly PromptChange[] }) {
  const worse = changes.filter(({ findings }) => findings.some(({ worse: bad }) => bad)).length;
  if (worse > 0) return <Pill tone="bad">{`${worse} of ${changes.length} got worse`}</Pill>;
  if (changes.every(({ few }) => few)) return <Pill tone="neutral">nothing to tell yet</Pill>;
  return <Pill tone="good">nothing got worse</Pill>;
}

function Change({ change: { prompt, from, to, at, findings, few } }: { change: PromptChange }) {
  return (
    <li>
      <ViewLink to="/quality" search={{ prompt }}>
        {visibleText(prompt)}
      </ViewLink>
      <span className="dim">
        {visibleText(from)} → {visibleText(to)}
      </span>
      <span className="overview-words">
        {findings.map(({ words, worse }) => (
          <span key={words} className={worse ? 'overview-finding bad' : 'overview-finding good'}>
            {words}
          </span>
        ))}
        {findings.length === 0 && (
          <span className="dim">{few ? 'too few calls to tell' : 'no difference'}</span>
        )}
      </span>
      <span className="dim overview-when">
        <RelativeTime at={at} />
      </span>
    </li>
  );
}
