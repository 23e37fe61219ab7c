// One line a prompt: its versions, and what its last change made of it.

import { compareVersions, type PromptChange } from 'widgets/prompts/compare';
import { newestFirst, type VersionFigures } from 'widgets/prompts/figures';

export interface Prompt {
  prompt: string;
  newest: VersionFigures;
  versions: number;
  runs: number; // Of all versions; a run with two counts twice.
  calls: number;
  change: PromptChange | null; // null: one version only.
}

// What got worse first, then the busiest.
export function promptsOf(versions: readonly VersionFigures[]): Prompt[] {
  const changes = new Map(compareVersions(versions).map((change) => [change.prompt, change]));
  const byName = new Map<string, VersionFigures[]>();
  for (const version of versions) {
    byName.set(version.prompt, [...(byName.get(version.prompt) ?? []), version]);
  }
  const sum = (list: VersionFigures[], of: (v: VersionFigures) => number) =>
    list.reduce((total, version) => total + of(version), 0);
  const worse = ({ change }: Prompt) =>
    change?.findings.filter((finding) => finding.worse).length ?? 0;
  return [...byName]
    .map(([prompt, list]) => ({
      prompt,
      newest: list.sort(newestFirst)[0]!,
      versions: list.length,
      runs: sum(list, ({ runs }) => runs),
      calls: sum(list, ({ calls }) => calls),
      change: changes.get(prompt) ?? null,
    }))
    .sort((a, b) => worse(b) - worse(a) || b.calls - a.calls);
}

export type Outcome = 'worse' | 'better' | 'mixed' | 'same' | 'few' | 'one version';

export function outcomeOf(change: PromptChange | null): Outcome {
  if (change === null) return 'one version';
  const worse = change.findings.some((finding) => finding.worse);
  const better = change.findings.some((finding) => !finding.worse);
  if (worse) return better ? 'mixed' : 'worse';
  if (better) return 'better';
  return change.few ? 'few' : 'same';
}
