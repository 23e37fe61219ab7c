// How long model calls, tools and runs take: when, of whom, and against what is usual.

import { useGet } from 'api/query';
import { Choice } from 'widgets/form/Choice';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { useShortcuts, type Shortcut } from 'base/shortcuts';
import { parseCells } from './cells';
import { ChosenPanel } from './ChosenPanel';
import { CoursePanels } from './CoursePanels';
import { GroupsPanel } from './GroupsPanel';
import { HeatPanel, useHeat } from './HeatPanel';
import { paramsOf, SUBJECTS, useChoices, type Of } from './subject';
import './latency.css';

const FRESH_MS = 15_000;
const GROUPS = 50;
const KEYS: readonly Shortcut[] = [
  {
    keys: ['←', '→', '↑', '↓'],
    does: 'On the heat map: move over the cells, with Shift choose more',
  },
  { keys: ['Enter'], does: 'On the heat map: show the traces of the cells' },
];

const SUBJECT_OPTIONS = Object.values(SUBJECTS).map(({ of, label }) => ({ value: of, label }));

export function LatencyView() {
  const view = useView();
  const choices = useChoices();
  const { subject, by } = choices;
  useShortcuts(KEYS);
  const everyMs = view.live && FRESH_MS;
  const heat = useHeat(view, choices, everyMs);
  // The map first: together they would keep each other waiting.
  const enabled = heat.isFetched;
  const latency = useGet(
    '/api/v1/latency',
    { ...paramsOf(view, subject), by: by.value, limit: GROUPS },
    { everyMs, enabled },
  );
  // Empty because of the window and the filter, or because nothing was ever sent?
  const anything = useAnything(latency.data?.total.count === 0);
  if (anything === false) return <FirstSpan />;
  const cells = parseCells(choices.cells);
  // What the cells stand for differs from subject to subject.
  const ofOther = (of: Of) => view.change({ of, cells: undefined, by: undefined });
  return (
    <PageFrame title="Latency" view={view} filter filterError={errorOfFilter(heat.error)}>
      <div className="latency-bar">
        <Choice label="Time of" value={subject.of} options={SUBJECT_OPTIONS} onChange={ofOther} />
      </div>
      <Panels>
        <HeatPanel view={view} choices={choices} cells={cells} heat={heat} />
        {cells && <ChosenPanel view={view} choices={choices} cells={cells} />}
        <CoursePanels
          view={view}
          choices={choices}
          latency={latency}
          everyMs={everyMs}
          enabled={enabled}
        />
        <GroupsPanel view={view} choices={choices} latency={latency} />
      </Panels>
    </PageFrame>
  );
}
