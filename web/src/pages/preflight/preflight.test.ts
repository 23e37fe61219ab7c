import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVIDENCE, placeOf, toCopy } from './remedies';
import {
  countsOf,
  howWords,
  markdownOf,
  matches,
  mayAttest,
  withProbes,
  type Point,
  type Report,
} from './report';

function point(id: string, judged: Point['judged'], more: Partial<Point> = {}): Point {
  const status = more.status ?? judged;
  return {
    id,
    judged,
    status,
    how: 'Q',
    star: false,
    stops_launch: status === 'fail',
    attestation: null,
    waiver: null,
    ...more,
  } as Point;
}
const report = (points: Point[]) => ({ points, counts: countsOf(points) }) as Report;
const note = { by: 'ada', at: '', until: '' };

test('how a point is judged, in words', () => {
  assert.equal(howWords('Q+P'), 'figures of the last 24 hours and a probe');
  assert.equal(howWords('C/A'), 'the configuration in force or people');
});

test('only what people can judge is attested, never over a fail', () => {
  assert.ok(mayAttest(point('SEC-02', 'insufficient_data', { how: 'Q+A' })));
  assert.ok(!mayAttest(point('SEC-02', 'fail', { how: 'Q+A' })));
  assert.ok(!mayAttest(point('INS-01', 'insufficient_data', { how: 'Q' })));
});

test('points are filtered by their state, and by what stops a launch', () => {
  const list = [point('A-1', 'pass'), point('A-2', 'fail'), point('A-3', 'insufficient_data')];
  const shown = (filter: Parameters<typeof matches>[1]) =>
    list.filter((one) => matches(one, filter)).map(({ id }) => id);
  assert.deepEqual(shown('all'), ['A-1', 'A-2', 'A-3']);
  assert.deepEqual(shown('stops'), ['A-2']);
  assert.deepEqual(shown('insufficient_data'), ['A-3']);
});

test('probes are kept, with the newest word of people', () => {
  const probed = report([
    point('OPS-03', 'pass'),
    point('CST-01', 'fail'),
    point('OPS-04', 'insufficient_data', { star: true, stops_launch: true }),
  ]);
  const looked = report([
    point('OPS-03', 'insufficient_data'),
    point('CST-01', 'insufficient_data', { waiver: { ...note, reason: 'later' } }),
    point('OPS-04', 'insufficient_data', { star: true, attestation: { ...note, comment: 'rota' } }),
  ]);
  const both = withProbes(looked, probed);
  assert.deepEqual(
    both.points.map(({ status }) => status),
    ['pass', 'waived', 'attested'],
  );
  assert.equal(both.launch, true);
  assert.deepEqual(both.counts, countsOf(both.points));
  // An attestation does not stand over a fail.
  const failed = withProbes(
    report([point('OPS-04', 'insufficient_data', { attestation: { ...note, comment: '' } })]),
    report([point('OPS-04', 'fail')]),
  );
  assert.deepEqual([failed.points[0]!.status, failed.launch], ['fail', false]);
  assert.equal(withProbes(looked, null), looked);
});

test('what to copy, and where to look', () => {
  assert.deepEqual(toCopy({ id: 'ALR-03', status: 'pass' }), []);
  assert.match(toCopy({ id: 'ALR-03', status: 'fail' })[0]!.text, /window: day/);
  for (const id of Object.keys(EVIDENCE)) {
    assert.match(toCopy({ id, status: 'fail' }).at(-1)!.text, new RegExp(`evidence ${id} `));
  }
  assert.equal(placeOf('ALR-06')!.to, '/alerts/slos');
  assert.equal(placeOf('INS-03')!.to, '/traces');
  assert.equal(placeOf('OPS-03'), undefined);
});

test('the report as Markdown', () => {
  const text = markdownOf({
    project: 'shop',
    checked_at: '2026-11-20T18:02:40Z',
    launch: false,
    points: [point('INS-01', 'fail', { star: true, title: 'a | b', words: 'two\nlines' })],
  } as Report);
  assert.match(text, /^# Preflight of shop: not ready\n/);
  assert.match(text, /\| INS-01\\\* \| fail \| a \\\| b \| two lines \|/);
});
