/** `GET /metrics` of an Auth API that runs alone: for this machine and for trusted peers only. */
import { afterEach, describe, expect, it } from 'vitest';
import { answerMetrics } from '../../../src/auth-api/http/answer-metrics.ts';
import { Refusal } from '../../../src/auth-api/outcome/refusals.ts';
import { createAuthApiMetrics } from '../../../src/telemetry/create-auth-api-metrics.ts';
import { type StartedAuthApi, startAuthApi } from './start-auth-api.ts';

const page = { type: 'text/plain', text: 'x 1\n' };
const sources = { metrics: async () => page, trustPeer: (address: string) => address === '10.0.0.1' };
const served = { status: 200, type: 'text/plain', body: 'x 1\n' };
const request = { path: '/metrics', method: 'GET', peer: '127.0.0.1', rawHeaders: ['Host', 'x'] };

describe('answerMetrics', () => {
  it.each([
    ['this machine', {}, served],
    ['this machine, by IPv6', { peer: '::1' }, served],
    ['this machine, by a mapped address', { peer: '::ffff:127.0.0.1' }, served],
    ['a trusted peer', { peer: '10.0.0.1' }, served],
    ['a trusted peer, by a mapped address', { peer: '::ffff:10.0.0.1' }, served],
    ['HEAD', { method: 'HEAD' }, served],
    ['somebody else', { peer: '10.0.0.2' }, null],
    ['nobody that is known', { peer: '' }, null],
    ['somebody behind a trusted peer', { rawHeaders: ['x-forwarded-for', '10.0.0.2'] }, null],
    ['somebody behind another proxy', { rawHeaders: ['Forwarded', 'for=10.0.0.2'] }, null],
    ['somebody behind a gateway', { rawHeaders: ['VIA', '1.1 rolegate'] }, null],
    ['another path', { path: '/metrics/' }, null],
    ['another method', { method: 'POST' }, new Refusal('method_not_allowed', { allow: ['GET', 'HEAD'] })],
    ['another method of somebody else', { method: 'POST', peer: '10.0.0.2' }, null],
  ])('%s', async (_, part, expected) => {
    expect(await answerMetrics({ ...request, ...part }, sources)).toEqual(expected);
  });

  it('has nothing to tell where nobody gave it anything', async () => {
    expect(await answerMetrics(request, { ...sources, metrics: null })).toBeNull();
  });
});

describe('over HTTP', () => {
  let started: StartedAuthApi;
  afterEach(() => started.api.close());

  it('is the text of the metrics', async () => {
    const metrics = createAuthApiMetrics('1.2.3');
    started = await startAuthApi({ metrics: () => metrics.page() });
    metrics.watchMail(() => ({ queued: 7, failing: true }));
    metrics.onMail('sent');
    const answer = await fetch(`http://127.0.0.1:${started.port}/metrics`);
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(/^rolegate_build_info\{version="1\.2\.3",node="v[\d.]+"\} 1$/m);
    expect(text).toMatch(/^rolegate_auth_mails_total\{outcome="sent"\} 1$/m);
    expect(text).toMatch(/^rolegate_auth_mails_total\{outcome="dropped"\} 0$/m);
    expect(text).toMatch(/^rolegate_auth_mail_queue 7$/m);
    expect(text).toMatch(/^rolegate_auth_mail_failing 1$/m);
    expect(text).toMatch(/^process_cpu_seconds_total/m);
  });

  it('is not there without', async () => {
    started = await startAuthApi();
    expect((await fetch(`http://127.0.0.1:${started.port}/metrics`)).status).toBe(404);
  });
});
