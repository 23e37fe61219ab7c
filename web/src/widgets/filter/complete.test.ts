import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldTable } from 'api/types';
import {
  applyCompletion,
  completeFields,
  completeJoin,
  completeOperators,
  errorPosition,
  knownValues,
  placeAt,
  quoteValue,
} from './complete';

const field = (name: string, type: string, values?: string[]) => ({
  name,
  type,
  groupable: false,
  description: `what ${name} is`,
  ...(values && { values }),
});
const TABLE: FieldTable = {
  fields: [
    field('kind', 'enum', ['llm', 'tool', 'agent']),
    field('model', 'text'),
    field('model_requested', 'text'),
    field('cost', 'money'),
    field('streaming', 'bool'),
    field('trace.cost', 'money'),
  ],
  operators: [],
  units: [],
};

// "|" marks the caret.
function wanted(marked: string) {
  const caret = marked.indexOf('|');
  const place = placeAt(marked.replace('|', ''), caret);
  const { kind, prefix } = place.wanted;
  const of = 'field' in place.wanted ? ` of ${place.wanted.field}` : '';
  return `${kind}${of} "${prefix}" ${place.from}-${place.to}`;
}

test('what may come at the caret', () => {
  const cases: [string, string][] = [
    ['|', 'field "" 0-0'],
    ['mo|', 'field "mo" 0-2'],
    ['mo|del', 'field "mo" 0-5'],
    ['model |', 'operator of model "" 6-6'],
    ['model =|', 'value of model "" 7-7'],
    ['model = |', 'value of model "" 8-8'],
    ['model = gp|t', 'value of model "gp" 8-11'],
    ['model = "gp|t"', 'value of model "gp" 8-13'],
    ['model = gpt |', 'join "" 12-12'],
    ['model = gpt an|', 'join "an" 12-14'],
    ['model = gpt and |', 'field "" 16-16'],
    ['NOT (|', 'field "" 5-5'],
    ['(kind = llm OR |', 'field "" 15-15'],
    ['kind in (|', 'value of kind "" 9-9'],
    ['kind not in (llm, |', 'value of kind "" 18-18'],
    ['kind in (llm|', 'value of kind "llm" 9-12'],
    ['kind in (llm) |', 'join "" 14-14'],
    ['attr."a b" |', 'operator of attr."a b" "" 11-11'],
    ['cost>|', 'value of cost "" 5-5'],
    ['"free text" |', 'join "" 12-12'],
  ];
  for (const [text, expected] of cases) assert.equal(wanted(text), expected, text);
});

test('no text at all breaks it', () => {
  const pieces = ['model', '=', '"', '(', ')', ' in ', ',', '\\', 'not ', 'attr.', '!', '~', '🙂'];
  let seed = 7;
  const random = (n: number) => (seed = (seed * 16_807) % 2_147_483_647) % n;
  for (let i = 0; i < 5_000; ++i) {
    const text = Array.from({ length: random(9) }, () => pieces[random(pieces.length)]).join('');
    const caret = random(text.length + 1);
    const place = placeAt(text, caret);
    assert.ok(place.from <= caret && caret <= place.to, `${text} at ${caret}`);
  }
});

test('fields: those that begin so first', () => {
  assert.deepEqual(
    completeFields(TABLE, 'cost').map((c) => c.label),
    ['cost', 'trace.cost'],
  );
  assert.equal(completeFields(TABLE, 'nothing').length, 0);
});

test('operators fit the type', () => {
  assert.deepEqual(
    completeOperators(TABLE, 'cost').map((c) => c.label),
    ['>', '>=', '<', '<=', '=', '!='],
  );
  assert.ok(completeOperators(TABLE, 'attr.x').some((c) => c.label === '~'));
});

test('values known without a question', () => {
  assert.deepEqual(
    knownValues(TABLE, 'kind', 't')?.map((c) => c.label),
    ['tool'],
  );
  assert.deepEqual(
    knownValues(TABLE, 'streaming', '')?.map((c) => c.label),
    ['true', 'false'],
  );
  assert.deepEqual(knownValues(TABLE, 'cost', '0.'), []);
  assert.equal(knownValues(TABLE, 'model', ''), null);
  assert.equal(knownValues(TABLE, 'attr.x', ''), null);
  assert.deepEqual(knownValues(TABLE, 'modell', ''), []);
});

test('after a term AND, OR, or the next field', () => {
  assert.deepEqual(
    completeJoin(TABLE, '').map((c) => c.label),
    ['AND', 'OR'],
  );
  assert.deepEqual(
    completeJoin(TABLE, 'o')
      .map((c) => c.label)
      .slice(0, 1),
    ['OR'],
  );
  assert.ok(completeJoin(TABLE, 'mod').some((c) => c.label === 'model'));
});

test('a completion replaces the piece at the caret', () => {
  const place = placeAt('kind = t and x', 8);
  const [tool] = knownValues(TABLE, 'kind', 't')!;
  assert.deepEqual(applyCompletion('kind = t and x', place, tool!), {
    text: 'kind = tool and x',
    caret: 12,
  });
});

test('values are quoted only when they must be', () => {
  assert.equal(quoteValue('gpt-5-mini'), 'gpt-5-mini');
  assert.equal(quoteValue('two words'), '"two words"');
  assert.equal(quoteValue('say "hi" \\'), '"say \\"hi\\" \\\\"');
  assert.equal(quoteValue(''), '""');
});

test('where the parser stopped', () => {
  assert.equal(errorPosition('q, position 8: no field "modell"'), 7);
  assert.equal(errorPosition('the server answered 500'), null);
});
