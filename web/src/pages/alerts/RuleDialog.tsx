import { useGet } from 'api/query';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Panel } from 'widgets/layout/Panel';
import { Dialog } from 'widgets/overlay/Dialog';
import { Code } from 'widgets/text/Code';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { SeverityPill } from './AlertRow';
import { Facts } from './Facts';
import { Labels } from './Labels';
import { ruleState, type Rule } from './ruleState';
import { againstWords, lengthWords, valueWords } from './words';

const VERDICTS = {
  suppressed_low_traffic: 'too little traffic',
  learning: 'learning',
  no_data: 'no data',
};

// A rule: what it watches, how it is evaluated, and what it does not judge and why.
export function RuleDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const rules = useGet('/api/v1/rules', {});
  const rule = rules.data?.rules.find((one) => one.id === id);
  const waiting = (rules.data?.suppressed ?? []).filter(({ rule_id }) => rule_id === id);
  return (
    <Dialog title={visibleText(rule?.alertname ?? id)} onClose={onClose} width={720}>
      {!rules.data && rules.error && <ErrorNotice error={rules.error} />}
      {!rules.data && !rules.error && <Waiting title="Reading …" />}
      {rules.data && !rule && <p>There is no rule {visibleText(id)}.</p>}
      {rule && (
        <>
          <RuleFacts rule={rule} />
          {waiting.length > 0 && (
            <Panel title="Not judged" note={plural(waiting.length, 'series', 'series')}>
              <ul className="plain-list">
                {waiting.map((reading) => (
                  <li key={JSON.stringify(reading.labels)} className="not-judged">
                    <Pill tone="neutral">{VERDICTS[reading.verdict]}</Pill>
                    <span>{visibleText(reading.reason)}</span>
                    <span className="dim">
                      {againstWords(reading.value, reading.threshold, reading.unit)}
                    </span>
                    <Labels labels={reading.labels} />
                  </li>
                ))}
              </ul>
            </Panel>
          )}
          {rule.defined_in === 'built in' && (
            <div className="rule-change">
              <p className="dim">To change it, in the configuration file:</p>
              <Code text={`alerts:\n  rules:\n    ${rule.id}: ${settingsOf(rule)}`} />
            </div>
          )}
        </>
      )}
    </Dialog>
  );
}

const settingsOf = ({ threshold, severity }: Rule) =>
  `{${threshold === null ? '' : `threshold: ${threshold}, `}severity: ${severity}}`;

function RuleFacts({ rule }: { rule: Rule }) {
  const { words, tone, why } = ruleState(rule);
  return (
    <>
      {rule.summary !== '' && <p className="rule-summary">{visibleText(rule.summary)}</p>}
      <Facts
        facts={[
          [
            'State',
            <span key="s">
              <Pill tone={tone}>{words}</Pill> <span className="dim">{visibleText(why)}</span>
            </span>,
          ],
          ['Severity', <SeverityPill key="v" severity={rule.severity} />],
          ['Threshold', valueWords(rule.threshold, rule.unit)],
          [
            'Fires after',
            rule.for_s === 0 ? 'at once' : `${lengthWords(rule.for_s)} over its threshold`,
          ],
          ['Keeps firing', `${lengthWords(rule.keep_firing_s)} after it cleared`],
          ['Evaluated', <RelativeTime key="e" at={rule.last_evaluated_at} />],
          ['Defined in', visibleText(rule.defined_in)],
          ['Runbook', rule.runbook ?? 'none'],
        ]}
      />
    </>
  );
}
