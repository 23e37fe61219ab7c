// One point: what was checked and how, what was found, and what to do about it.

import type { ReactNode } from 'react';
import type { Json } from 'api/types';
import { visibleText } from 'base/text';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { useAction } from 'widgets/form/useAction';
import { ViewLink } from 'widgets/page/ViewLink';
import { Code } from 'widgets/text/Code';
import { JsonTree } from 'widgets/text/JsonTree';
import type { Doing } from './NoteDialog';
import { EVIDENCE, placeOf, toCopy } from './remedies';
import { howWords, mayAttest, type Point } from './report';

const TRACES_MAX = 8;

export function PointBody({ point, onDo }: { point: Point; onDo: (doing: Doing) => void }) {
  const { id, how, wants, words, remedy, status, evidence, sample_trace_ids } = point;
  const bare = Object.keys(evidence).length === 0;
  return (
    <div className="point-body">
      <dl className="point-facts">
        <Fact name="Passes when">{visibleText(wants)}</Fact>
        <Fact name="Judged by">{howWords(how)}</Fact>
        <Fact name="Found">{visibleText(words) || 'as it should be'}</Fact>
        {status !== 'pass' && remedy !== '' && <Fact name="What to do">{visibleText(remedy)}</Fact>}
        <People point={point} />
      </dl>
      {toCopy(point).map(({ what, text }) => (
        <div key={text} className="point-copy">
          <p className="dim">{what}:</p>
          <Code text={text} />
        </div>
      ))}
      {!bare && (
        <div>
          <h3>Evidence</h3>
          <JsonTree value={evidence as Json} />
        </div>
      )}
      {sample_trace_ids.length > 0 && (
        <p className="point-traces">
          Traces{' '}
          {sample_trace_ids.slice(0, TRACES_MAX).map((trace_id) => (
            <ViewLink
              key={trace_id}
              to="/traces/$trace_id"
              params={{ trace_id }}
              className="mono"
              title={trace_id}
              label={`Trace ${trace_id.slice(-8)}`}
            >
              {trace_id.slice(-8)}
            </ViewLink>
          ))}
        </p>
      )}
      <Buttons point={point} onDo={onDo} id={id} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function People({ point: { attestation, waiver } }: { point: Point }) {
  return (
    <>
      {attestation && (
        <Fact name="Attested">
          by {visibleText(attestation.by)}, <RelativeTime at={attestation.at} />, ends{' '}
          <RelativeTime at={attestation.until} />: {visibleText(attestation.comment)}
        </Fact>
      )}
      {waiver && (
        <Fact name="Waived">
          by {visibleText(waiver.by)}, <RelativeTime at={waiver.at} />, ends{' '}
          <RelativeTime at={waiver.until} />: {visibleText(waiver.reason)}
        </Fact>
      )}
    </>
  );
}

function Buttons({ point, id, onDo }: { point: Point; id: string; onDo: (doing: Doing) => void }) {
  const withdraw = useAction(
    (api, which: string) => api.post('/api/v1/preflight/{point}/withdraw', { point: which }),
    { done: `${id}: withdrawn`, refresh: ['/api/v1/preflight'] },
  );
  const place = placeOf(id);
  return (
    <div className="point-buttons">
      {mayAttest(point) && point.attestation === null && (
        <button
          type="button"
          className="button small"
          onClick={() => onDo({ what: 'attest', point })}
        >
          Attest …
        </button>
      )}
      {EVIDENCE[id] && (
        <button
          type="button"
          className="button small"
          onClick={() => onDo({ what: 'evidence', point })}
        >
          Record a result …
        </button>
      )}
      {point.status !== 'pass' && point.waiver === null && (
        <button
          type="button"
          className="button small"
          onClick={() => onDo({ what: 'waive', point })}
        >
          Waive …
        </button>
      )}
      {(point.attestation || point.waiver) && (
        <button
          type="button"
          className="button small"
          disabled={withdraw.busy}
          onClick={() => withdraw.run(id)}
        >
          Withdraw
        </button>
      )}
      {place && (
        <ViewLink to={place.to} className="button small">
          {place.label}
        </ViewLink>
      )}
    </div>
  );
}
