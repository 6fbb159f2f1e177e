/** Which headers carry a trace: the grammar of W3C Trace Context. */
import { describe, expect, test } from 'vitest';
import { readTraceContext, traceParent } from '../../../src/core/request/trace-context.ts';
import { traceIdOf } from '../../../src/core/request/trace-parent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const good = `00-${traceId}-${spanId}-01`;
const read = (value: string, ...more: string[]) => readTraceContext(['Host', 'a', 'Traceparent', value, ...more]);

test('a valid traceparent gives trace id, span id and flags', () => {
  expect(read(good)).toEqual({ traceId, spanId, flags: 1, state: '' });
  expect(traceIdOf(['traceparent', good])).toBe(traceId);
});

test.each([
  ['not recorded', '00', 0],
  ['random', '02', 2],
  ['recorded and random', '03', 3],
  ['unknown flags', 'fd', 1],
])('flags: %s', (_, flags, known) => {
  const context = read(`00-${traceId}-${spanId}-${flags}`);
  expect(context?.flags).toBe(known);
  expect(traceParent(context!)).toBe(`00-${traceId}-${spanId}-0${known}`);
});

test.each([
  ['a later version', `01-${traceId}-${spanId}-01`],
  ['a later version with more fields', `cc-${traceId}-${spanId}-01-what the future brings`],
])('%s is read as far as it is known', (_, value) => {
  expect(read(value)).toMatchObject({ traceId, spanId, flags: 1 });
});

test.each([
  ['nothing', ''],
  ['capital letters', good.toUpperCase()],
  ['the forbidden version', `ff-${traceId}-${spanId}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['version 00 with more fields', `${good}-more`],
  ['version 00 with a trailing dash', `${good}-`],
  ['a later version with other text', `01-${traceId}-${spanId}-01x`],
  ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
  ['a long span id', `00-${traceId}-${spanId}0-01`],
  ['no flags', `00-${traceId}-${spanId}`],
  ['flags that are not hex', `00-${traceId}-${spanId}-0g`],
  ['a leading space', ` ${good}`],
  ['two in a list', `${good},${good}`],
  ['underscores', good.replaceAll('-', '_')],
])('ignores %s', (_, value) => {
  expect(read(value)).toBeNull();
  expect(traceIdOf(['traceparent', value])).toBeNull();
});

test('ignores a repeated header, because services differ in which one they read', () => {
  expect(read(good, 'traceparent', good)).toBeNull();
});

test('ignores a missing header and one with a similar name', () => {
  expect(readTraceContext(['trace-parent', good, 'x-traceparent', good])).toBeNull();
  expect(traceIdOf(['trace_parent', good])).toBeNull();
});

describe('tracestate', () => {
  const state = (...values: string[]) => read(good, ...values.flatMap((value) => ['TraceState', value]))?.state;

  test('is kept, with several lines merged and spaces and empty members removed', () => {
    expect(state('congo=t61rcWkgMzE', ' rojo=00f067aa0ba902b7\t,, a/b_c*d-e@x=1 2')).toBe(
      'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7,a/b_c*d-e@x=1 2',
    );
  });

  test.each([
    ['a capital letter in a key', 'Congo=1'],
    ['no value', 'congo'],
    ['an empty value', 'congo='],
    ['a second equals sign', 'congo=1=2'],
    ['a control character', 'congo=1\u00012'],
    ['a repeated key', 'congo=1,rojo=2,congo=3'],
    ['33 members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['more than 512 characters', `a=${'1'.repeat(250)},b=${'1'.repeat(250)},c=${'1'.repeat(20)}`],
  ])('is dropped entirely for %s, and the trace stays', (_, value) => {
    expect(state(value)).toBe('');
  });

  test('is ignored without a traceparent', () => {
    expect(readTraceContext(['tracestate', 'congo=1'])).toBeNull();
  });
});
