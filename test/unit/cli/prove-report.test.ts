/** The report of `rolegate prove`: what an echo service returns is text of another machine, and requests are counted once. */
import { expect, test } from 'vitest';
import type { Finding, Probe } from '../../../src/cli/prove/probe.ts';
import { type ProveReport, proveJson, proveText } from '../../../src/cli/prove/prove-report.ts';

const probe: Probe = {
  ...{ group: 'rules', method: 'GET', target: '/admin/7', host: 'a.test', headers: [], secrets: [] },
  ...{ decision: null, marker: null },
};
const received = 'GET /\x1b]0;owned\x07\x9b31m\u202e';
const findings: readonly Finding[] = [
  { code: 'passed', probe, status: 200 },
  { code: 'rewritten', probe, status: 200, received },
];
const report: ProveReport = {
  ...{
    url: 'http://a.test',
    file: 'gateway.yaml',
    findings,
    unanswered: [],
    incomplete: false,
    unchecked: [],
    notes: [],
  },
  counts: new Map([
    ['rules', { requests: 1, found: 1, unanswered: 0 }],
    ['received', { requests: 1, found: 1, unanswered: 0 }],
  ]),
};

test('a request with several findings is one request', () => {
  expect(proveText(report, { color: false, width: 110 })).toContain('1 of 1 requests revealed a problem.');
});

test('what the echo service returns cannot control the terminal', () => {
  const text = proveText(report, { color: false, width: 110 });
  expect(text).toContain('received GET /?]0;owned??31m?');
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const json = proveJson(report);
  expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(JSON.parse(json).findings[1]).toMatchObject({ received });
});
