import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from 'api/types';
import { callBefore } from './calls';
import { buildTree } from './tree';

const span = (span_id: string, kind: Span['kind'], offset_ms: number, more: Partial<Span> = {}) =>
  ({ span_id, name: span_id, kind, offset_ms, duration_ms: 1, status: 'ok', ...more }) as Span;

test('the call before is of the same run of the same agent, else of the agent', () => {
  const a = { agent: 'a' };
  const b = { agent: 'b' };
  const tree = buildTree([
    span('root', 'agent', 0, a),
    span('1', 'llm', 1, { parent_span_id: 'root', ...a }),
    span('t', 'tool', 2, { parent_span_id: 'root', ...a }),
    span('inner', 'agent', 3, { parent_span_id: 't', ...b }),
    span('2', 'llm', 4, { parent_span_id: 'inner', ...b }),
    span('3', 'llm', 5, { parent_span_id: 'root', ...a }),
    span('again', 'agent', 6, { parent_span_id: 'root', ...b }),
    span('4', 'llm', 7, { parent_span_id: 'again', ...b }),
    span('w', 'llm', 8, { parent_span_id: 'root', usage_role: 'wrapper', ...a }),
    span('5', 'llm', 9, { parent_span_id: 'root', ...a }),
  ]);
  const before = (id: string) =>
    callBefore(tree, tree.spans[tree.index.get(id)!]!)?.span_id ?? null;
  assert.deepEqual(['1', '2', '3', '4', '5', 't'].map(before), [null, null, '1', '2', '3', '1']);
});
