/** The embedded Auth API behind the gateway: its bearers, key pairs, codes and addresses never appear in the log. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

const mark = 'S3cr3tMark';

test('after registration, login, key pair creation and revocation, the log contains no secret', async () => {
  const upstream = await startRecordingUpstream();
  onTestFinished(() => upstream.close());
  const own = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
log: { level: trace }
authApi:
  embedded: { database: ":memory:", secret: "0123456789-${mark}-0123456789abcdef", selfRegistration: true, outbox: console }
cache: { rejected: 0s }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
`);
  try {
    const call = async (method: string, path: string, body: object | null, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${own.origin}/api/auth/v2${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, json: JSON.parse((await answer.text()) || '{}') };
    };
    const verify = async (path: string, verificationCodeID: string, headers: Record<string, string> = {}) => {
      await vi.waitFor(() => expect(own.codes.map(({ codeId }) => codeId)).toContain(verificationCodeID));
      const code = own.codes.find(({ codeId }) => codeId === verificationCodeID)!.code;
      const wrong = code === '000000' ? '000001' : '000000';
      await call('PUT', path, { verificationCodeID, code: wrong }, headers);
      return (await call('PUT', path, { verificationCodeID, code }, headers)).status;
    };
    const user = { email: `eve-${mark}@example.test`, fullName: 'Eve Example', alias: 'eve' };
    const registered = await call('POST', '/user', user);
    expect(await verify('/session/verification', registered.json.verificationCodeID)).toBe(202);
    const session = { authorization: `Bearer ${registered.json.bearer}` };
    const made = await call('POST', '/keypair', { name: 'server', days: 30 }, session);
    expect(await verify('/keypair/verification', made.json.verificationCodeID, session)).toBe(202);
    const keys = { 'api-key': made.json.apiKey, 'api-secret': made.json.apiSecret };
    for (const headers of [session, keys]) expect((await fetch(`${own.origin}/own`, { headers })).status).toBe(200);
    const wrong = { ...keys, 'api-secret': `wrong-${mark}` };
    expect((await fetch(`${own.origin}/own`, { headers: wrong })).status).toBe(401);
    expect((await call('GET', '/session', null, { authorization: `Bearer bad-${mark}` })).status).toBe(401);
    await call('POST', '/user', { ...user, extra: mark });
    await own.close();
    const secrets = [registered.json.bearer, made.json.apiKey, made.json.apiSecret];
    expect(secrets.every((text) => typeof text === 'string' && text.length > 20)).toBe(true);
    expect(own.logText()).toContain('"route":"auth"');
    expect([...secrets, mark, mark.toLowerCase()].filter((text) => own.logText().includes(text))).toEqual([]);
    const codes = own.codes.map(({ code }) => new RegExp(`(?<![\\d.-])${code}(?!\\d)`));
    expect(codes.filter((code) => code.test(own.logText()))).toEqual([]);
  } finally {
    await own.close();
  }
});
