/** The metrics of a standalone Auth API, on a separate address. */
import { afterEach, describe, expect, it } from 'vitest';
import { createLoneAuthApiMetrics, createLoneRegistry } from '../../../src/telemetry/metrics/auth-api-metrics.ts';
import { type StartedAuthApi, startAuthApi } from './start-auth-api.ts';

let started: StartedAuthApi;
afterEach(() => started.api.close());

async function start() {
  const metrics = createLoneAuthApiMetrics(createLoneRegistry('1.2.3').registry, { info() {}, warn() {} });
  started = await startAuthApi({
    metrics: metrics.page,
    onForwardedIgnored: metrics.onForwardedIgnored,
  });
  const { port } = await started.api.listenMetrics({ host: '127.0.0.1', port: 0 });
  return { metrics, origin: `http://127.0.0.1:${port}` };
}

describe('the metrics', () => {
  it('are a page on their own address', async () => {
    const { metrics, origin } = await start();
    metrics.watchMail(() => ({ queued: 7, failing: true }));
    metrics.onMail('sent');
    const response = await fetch(`${origin}/metrics`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(/^rolegate_build_info\{version="1\.2\.3",node="v[\d.]+"\} 1$/m);
    expect(text).toMatch(/^rolegate_auth_mails_total\{outcome="sent"\} 1$/m);
    expect(text).toMatch(/^rolegate_auth_mails_total\{outcome="dropped"\} 0$/m);
    expect(text).toMatch(/^rolegate_auth_mail_queue 7$/m);
    expect(text).toMatch(/^rolegate_auth_mail_failing 1$/m);
    expect(text).toMatch(/^process_cpu_seconds_total/m);
  });

  it('count requests with untrusted forwarded headers, and the log has the first of each kind', async () => {
    const { origin } = await start();
    const user = `http://127.0.0.1:${started.port}/api/auth/v2/user/${started.userId}`;
    await fetch(user, { headers: { 'x-forwarded-for': '203.0.113.7' } });
    await fetch(user, { headers: { 'x-real-ip': '203.0.113.7' } });
    await fetch(user, { headers: { 'x-rolegate-gateway': 'guessed' } });
    const text = await (await fetch(`${origin}/metrics`)).text();
    expect(text).toMatch(/^rolegate_auth_forwarded_ignored_total\{reason="untrusted_peer"\} 2$/m);
    expect(text).toMatch(/^rolegate_auth_forwarded_ignored_total\{reason="secret_wrong"\} 1$/m);
    const warned = started.lines.filter(({ message }) => message.startsWith('forwarded headers of a peer'));
    expect(warned.map(({ fields }) => fields)).toEqual([{ reason: 'untrusted_peer' }, { reason: 'secret_wrong' }]);
  });

  it.each([
    ['HEAD', '/metrics', 200],
    ['POST', '/metrics', 405],
    ['GET', '/metrics/', 404],
    ['GET', '/api/auth/v2/openapi.json', 404],
  ])('%s %s on that address is %i', async (method, path, status) => {
    const { origin } = await start();
    const response = await fetch(`${origin}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.has('x-error-id')).toBe(status !== 200);
  });

  it('are not on the address of the Auth API, with or without forwarded headers', async () => {
    await start();
    for (const headers of [{}, { 'x-real-ip': '203.0.113.7' }, { 'x-forwarded-for': '203.0.113.7' }]) {
      expect((await fetch(`http://127.0.0.1:${started.port}/metrics`, { headers })).status).toBe(404);
    }
  });
});
