import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from 'api/types';
import { schemaOf, violationsOf } from './schema';

const SCHEMA = {
  type: 'object',
  properties: {
    day: { type: 'string', enum: ['mon', 'tue'] },
    seats: { type: 'integer', minimum: 1 },
    stops: { type: 'array', maxItems: 2, items: { $ref: '#/$defs/stop' } },
  },
  required: ['to'],
  additionalProperties: false,
  $defs: { stop: { type: 'object', required: ['name'] } },
};
const told = (value: Json, schema: Json = SCHEMA) =>
  violationsOf(schema, value).map(({ path, says }) => `${path}: ${says}`);

test('what does not fit is told by path', () => {
  assert.deepEqual(told({ to: 'x', day: 'mon', seats: 2, stops: [{ name: 'y' }] }), [
    'to: is not known to the tool',
  ]);
  assert.deepEqual(told({ day: 'sun', seats: '2', stops: [{}, { name: 1 }], class: 1 }), [
    'to: is required and missing',
    'day: must be one of "mon", "tue"; is "sun"',
    'seats: must be an integer, is a text: "2"',
    'stops[0].name: is required and missing',
    'class: is not known to the tool',
  ]);
  assert.deepEqual(told('text'), [': must be an object, is a text: "text"']);
  assert.deepEqual(told(0, { anyOf: [{ type: 'string' }, { minimum: 1 }] }), [
    ': fits none of the 2 forms the tool takes',
  ]);
});

test('what it does not know it passes over, and no schema keeps it busy', () => {
  assert.deepEqual(told({ a: 1 }, {}), []);
  assert.deepEqual(told('x', { type: 'word', pattern: '(a+)+$', format: 'date' }), []);
  assert.deepEqual(told({ a: {} }, { $ref: '#' }), []);
  assert.deepEqual(told(1, { allOf: [{ $ref: '#/allOf/0' }] }), []);
  const wide = { type: 'array', items: { anyOf: Array(50).fill({ $ref: '#' }) } };
  assert.ok(violationsOf(wide, Array(5_000).fill([1])).length <= 50);
});

test('the schema is found in the form of each provider', () => {
  const parameters = { type: 'object' };
  for (const definition of [
    { type: 'function', name: 't', parameters },
    { type: 'function', function: { name: 't', parameters } },
    { name: 't', input_schema: parameters },
    { name: 't', inputSchema: parameters },
  ]) {
    assert.deepEqual(schemaOf([{ name: 'other', parameters: {} }, definition], 't'), parameters);
  }
  assert.equal(schemaOf([{ name: 't' }, 'text', null], 't'), null);
});
