/** API keys are revoked by their value in either form: as the key, and as the bearer that can carry it. */
import { expect, test } from 'vitest';
import { createGateway } from '../../../src/app/create-gateway.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';

const operators = 'operators-0123456789abcdef0123456789';

test.each([
  ['an API key', { apiKey: 'ak_abcde' }, 'x-api-key', 'ak_abcde'],
  ['a bearer with the prefix', { bearer: 'ak_abcde' }, 'x-api-key', 'ak_abcde'],
  ['an API key that was sent as a bearer', { apiKey: 'ak_abcde' }, 'authorization', 'Bearer ak_abcde'],
])('%s', async (_name, named, header, value) => {
  const authApi = await startFakeAuthApi();
  const upstream = await startRecordingUpstream();
  authApi.addApiKey('ak_abcde');
  authApi.addApiKey('ak_other');
  const text = `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${operators} }
log: { level: silent }
authApi: { url: "${new URL(authApi.url).origin}" }
cache: { accepted: 60s, refreshAhead: false }
credentials: { apiKey: { header: x-api-key, prefix: ak_ } }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes: [{ id: it, match: { path: /it }, upstream: service, access: authenticated }]
`;
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const gateway = createGateway(read.config, { version: 'test' });
  const { listen, admin } = await gateway.start();
  const get = async (headers: Record<string, string>) => {
    const answer = await fetch(`http://127.0.0.1:${listen!.port}/it`, { headers });
    await answer.arrayBuffer();
    return [answer.status, authApi.calls.keypair];
  };
  try {
    expect(await get({ [header]: value })).toEqual([200, 1]);
    expect(await get({ 'x-api-key': 'ak_other' })).toEqual([200, 2]);
    expect(await get({ [header]: value })).toEqual([200, 2]);
    authApi.remove('ak_abcde');
    const revoked = await fetch(`http://127.0.0.1:${admin!.port}/revocations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operators}`, 'content-type': 'application/json' },
      body: JSON.stringify(named),
    });
    expect([revoked.status, await revoked.json()]).toEqual([202, { message: 'revoked' }]);
    expect(await get({ [header]: value })).toEqual([401, 3]);
    expect(await get({ 'x-api-key': 'ak_other' })).toEqual([200, 3]);
  } finally {
    await gateway.close();
    await Promise.all([authApi.close(), upstream.close()]);
  }
});
