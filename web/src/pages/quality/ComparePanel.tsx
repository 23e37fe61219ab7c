// Two versions side by side: each measure of both, the difference, and what it bears.

import { formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { narrowed } from 'widgets/page/narrow';
import type { View } from 'widgets/page/useView';
import { ViewLink } from 'widgets/page/ViewLink';
import {
  CONFIDENCE,
  describeDifference,
  differenceOf,
  MEASURES,
  SAME_WITHIN,
  TRIALS_MIN,
  type Difference,
} from 'widgets/prompts/compare';
import { versionName, type VersionFigures } from 'widgets/prompts/figures';
import { OutcomePill, VerdictPill } from './OutcomePill';
import { summaryOf } from './summary';
import { linkOf } from './links';
import type { Versions } from './useVersions';

interface ComparePanelProps {
  view: View;
  prompt: string;
  versions: Versions;
  search: { a?: string; b?: string };
}

export function ComparePanel({ view, prompt, versions, search }: ComparePanelProps) {
  const list = versions.data ?? [];
  const named = (version: string | undefined) =>
    version === undefined ? undefined : list.find((one) => versionName(one.version) === version);
  const after = named(search.b) ?? list[0];
  const before =
    named(search.a) ?? list[list.indexOf(after!) + 1] ?? list.find((one) => one !== after);
  const options = list.map(({ version }) => {
    return { value: versionName(version), label: visibleText(versionName(version)) };
  });
  return (
    <Panel
      title={`Did ${visibleText(prompt)} get worse?`}
      cols={7}
      help={`Differences of shares with their ${CONFIDENCE} intervals (Newcombe's method): worse or better when the interval leaves out 0 and both versions have at least ${TRIALS_MIN}; no difference when it reaches at most ${SAME_WITHIN * 100} points to either side. Costs, tokens and times come without a spread: told from 30% on. Versions are not drawn by lot: other users or tasks may be the cause as well.`}
      actions={
        before &&
        after && (
          <span className="quality-pair">
            <Select
              label="Version before"
              value={versionName(before.version)}
              options={options}
              onChange={(a) => view.change({ prompt, a, b: versionName(after.version) })}
            />
            →
            <Select
              label="Version after"
              value={versionName(after.version)}
              options={options}
              onChange={(b) => view.change({ prompt, a: versionName(before.version), b })}
            />
          </span>
        )
      }
      link={{
        to: '/tools',
        label: 'Its tools',
        search: { q: narrowed(view.q, 'prompt_name', prompt) },
      }}
      state={versions}
      empty={(all) =>
        all.length < 2 && (
          <EmptyState title={all.length === 0 ? 'No calls in this window' : 'One version only'}>
            {all.length === 0
              ? 'Choose a longer window, or another prompt.'
              : 'Another version, or a longer window that reaches back to one, can be compared.'}
          </EmptyState>
        )
      }
    >
      {() => before && after && <Comparison prompt={prompt} before={before} after={after} />}
    </Panel>
  );
}

function Comparison({
  prompt,
  before,
  after,
}: {
  prompt: string;
  before: VersionFigures;
  after: VersionFigures;
}) {
  const differences = MEASURES.map((measure) => differenceOf(measure, before, after));
  const { outcome, words } = summaryOf(differences, before, after);
  return (
    <>
      <p className="quality-verdict" role="status">
        <OutcomePill outcome={outcome} />
        <span>{visibleText(words)}</span>
      </p>
      <div className="quality-scroll" tabIndex={0} role="region" aria-label="Comparison">
        <table className="quality-table">
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col" className="number">
                {visibleText(versionName(before.version))}
              </th>
              <th scope="col" className="number">
                {visibleText(versionName(after.version))}
              </th>
              <th scope="col" className="number">
                Difference
              </th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {differences.map((difference) => (
              <Row
                key={difference.measure.id}
                prompt={prompt}
                before={before}
                after={after}
                difference={difference}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Row({
  prompt,
  before,
  after,
  difference,
}: {
  prompt: string;
  before: VersionFigures;
  after: VersionFigures;
  difference: Difference;
}) {
  const { measure, trialsBefore, trialsAfter, verdict } = difference;
  const of = (trials: number) => `of ${formatInt(trials)} ${measure.of}${trials === 1 ? '' : 's'}`;
  return (
    <tr>
      <th scope="row">{measure.label}</th>
      <td className="number" title={of(trialsBefore)}>
        <ViewLink to="/traces" {...linkOf(prompt, before.version, measure.id)}>
          {difference.before}
        </ViewLink>
      </td>
      <td className="number" title={of(trialsAfter)}>
        <ViewLink to="/traces" {...linkOf(prompt, after.version, measure.id)}>
          {difference.after}
        </ViewLink>
      </td>
      <td className="number">{describeDifference(difference)}</td>
      <td>
        <VerdictPill verdict={verdict} />
      </td>
    </tr>
  );
}
