import { useState } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Answer } from 'api/types';
import { formatInt, formatPercent, formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';
import {
  byDrift,
  scaleOf,
  shareInterval,
  verdictWords,
  type Tool,
  type ToolVersion,
} from './drift';

type Tools = Answer<'/api/v1/tools'>;

const SHOWN = 6;

// Refused arguments against the versions of the prompt: a change of the prompt, or of a tool behind it.
export function DriftPanel({ tools }: { tools: UseQueryResult<Tools> }) {
  const [all, setAll] = useState(false);
  const list = byDrift(tools.data?.tools ?? []);
  const drifted = list.filter(({ change }) => change?.verdict === 'schema_drift').length;
  const scale = scaleOf(list);
  return (
    <Panel
      title="Invalid arguments by prompt version"
      help="Of the calls of a tool that a version of the prompt made, the share whose arguments were refused; the line around the end of a bar is its 95% confidence interval. The prompt is the one that calls the tool most. The verdict compares its two newest versions and is the server's own."
      note={
        drifted > 0 ? (
          <Pill tone="bad">{drifted === 1 ? '1 tool drifted' : `${drifted} tools drifted`}</Pill>
        ) : undefined
      }
      state={tools}
      empty={() =>
        list.length === 0 && (
          <EmptyState title="No tool was called by a prompt with a version here">
            Give spans gen_ai.prompt.name and gen_ai.prompt.version, and what changed with a version
            shows.
          </EmptyState>
        )
      }
    >
      {() => (
        <>
          <ul className="tools-drifts">
            {(all ? list : list.slice(0, SHOWN)).map((tool) => (
              <Drift key={tool.tool} tool={tool} scale={scale} />
            ))}
          </ul>
          {list.length > SHOWN && (
            <p>
              <button type="button" className="button small" onClick={() => setAll(!all)}>
                {all ? 'Show less' : `Show all ${list.length} tools`}
              </button>
            </p>
          )}
        </>
      )}
    </Panel>
  );
}

function Drift({ tool, scale }: { tool: Tool; scale: number }) {
  const { change, versions } = tool;
  const words = change && verdictWords(change.verdict);
  return (
    <li className="tools-drift" aria-label={tool.tool}>
      <h3>
        <span className="cut" title={visibleText(tool.tool)}>
          {visibleText(tool.tool)}
        </span>
        {words && <Pill tone={words.tone}>{words.label}</Pill>}
      </h3>
      <p className="dim cut">called by {visibleText(versions[0]!.prompt_name)}</p>
      <table className="tools-versions">
        <caption className="sr-only">
          Invalid arguments of {visibleText(tool.tool)} by prompt version
        </caption>
        <colgroup>
          <col className="tools-col-version" />
          <col />
          <col className="tools-col-share" />
          <col className="tools-col-calls" />
        </colgroup>
        <tbody>
          {versions.map((version) => (
            <Version
              key={version.prompt_version}
              tool={tool.tool}
              version={version}
              scale={scale}
              worse={
                change?.verdict === 'schema_drift' && change.to_version === version.prompt_version
              }
            />
          ))}
        </tbody>
      </table>
      {change && <p className="tools-verdict">{visibleText(change.message)}</p>}
    </li>
  );
}

function Version({
  tool,
  version,
  scale,
  worse,
}: {
  tool: string;
  version: ToolVersion;
  scale: number;
  worse: boolean;
}) {
  const { prompt_name, prompt_version, status, calls, first_at } = version;
  const refused = status.invalid_args;
  const { low, high } = shareInterval(refused, calls);
  const at = (share: number) => `${Math.min(1, share / scale) * 100}%`;
  const told = `95% interval ${formatPercent(low)} to ${formatPercent(high)}`;
  return (
    <tr title={`First seen ${formatTime(first_at, new Date())}; ${told}`}>
      <th scope="row">
        <span className="cut">{visibleText(prompt_version)}</span>
      </th>
      <td className="tools-version-bar">
        <span className="tools-track" aria-hidden="true">
          <span
            className="tools-share"
            style={{
              width: at(calls > 0 ? refused / calls : 0),
              background: worse ? 'var(--bad)' : 'var(--tool-invalid_args)',
            }}
          />
          <span
            className="tools-interval"
            style={{ left: at(low), right: `calc(100% - ${at(high)})` }}
          />
        </span>
      </td>
      <td className="number">
        <span className={worse ? 'bad' : undefined}>
          {formatPercent(calls > 0 ? refused / calls : null)}
        </span>
      </td>
      <td className="number dim">
        {refused > 0 ? (
          <ViewLink
            to="/traces"
            narrow={{
              kind: 'tool',
              tool_name: tool,
              prompt_name,
              prompt_version,
              tool_status: 'invalid_args',
            }}
            title="Traces with these calls"
          >
            {formatInt(refused)} of {formatInt(calls)}
          </ViewLink>
        ) : (
          `0 of ${formatInt(calls)}`
        )}
      </td>
    </tr>
  );
}
