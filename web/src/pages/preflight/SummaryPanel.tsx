import { formatInt, plural } from 'base/format';
import { StackedBar } from 'widgets/figures/Bar';
import { Choice } from 'widgets/form/Choice';
import { Panel } from 'widgets/layout/Panel';
import { Pill } from 'widgets/figures/Pill';
import { STATUS_COLORS, STATUS_WORDS, STATUSES, type Filter, type Report } from './report';

interface SummaryPanelProps {
  report: Report;
  filter: Filter;
  error: string | null; // Of the last check or of the probes.
  busy: boolean;
  onFilter: (filter: Filter) => void;
  onPoint: (id: string) => void;
}

export function SummaryPanel(props: SummaryPanelProps) {
  const { report, filter, error, busy, onFilter, onPoint } = props;
  const { points, counts, launch, probes } = report;
  const stops = points.filter(({ stops_launch }) => stops_launch);
  const good = counts.pass + counts.attested + counts.waived;
  const options: { value: Filter; label: string }[] = [
    { value: 'all', label: `All ${points.length}` },
    { value: 'stops', label: `Stops it ${stops.length}` },
    ...STATUSES.map((status) => ({
      value: status,
      label: `${STATUS_WORDS[status]} ${formatInt(counts[status])}`,
    })),
  ];
  return (
    <Panel
      title={launch ? 'Ready for a launch' : 'Not ready for a launch'}
      note={
        <Pill tone={launch ? 'good' : 'bad'}>
          {launch ? 'nothing stops it' : `${plural(stops.length, 'point')} stop it`}
        </Pill>
      }
      help="A point that fails stops a launch; one with a star does so without data too. People may attest what only they can judge, and waive what does not matter yet."
    >
      <p className="preflight-count">
        <strong>{good}</strong> of {points.length} points pass, are attested or waived
      </p>
      <StackedBar
        label="Points by state"
        parts={STATUSES.map((status) => ({
          name: `${counts[status]} ${STATUS_WORDS[status]}`,
          share: points.length > 0 ? counts[status] / points.length : 0,
          color: STATUS_COLORS[status],
        }))}
      />
      {busy && (
        <p className="dim" role="status">
          Probes run in a sandbox: about half a minute. No provider is called.
        </p>
      )}
      {error !== null && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
      {!probes && !busy && (
        <p className="dim">
          Without probes: what is only known by trying it out is unknown here. Run the probes to
          know.
        </p>
      )}
      {stops.length > 0 && (
        <p className="preflight-stops">
          It is stopped by{' '}
          {stops.map(({ id, title }) => (
            <button
              key={id}
              type="button"
              className="button small"
              title={title}
              onClick={() => onPoint(id)}
            >
              {id}
            </button>
          ))}
        </p>
      )}
      <div className="preflight-filter">
        <Choice label="Points shown" value={filter} options={options} onChange={onFilter} />
      </div>
    </Panel>
  );
}
