/**
 * `evict` of the calling user ends tokens of the same issuer, but not those of another issuer that uses the same id.
 */
import { expect, onTestFinished, test } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { nowS, startTokenIssuer } from '../../support/token-issuer.ts';

async function startBeside(evict: string) {
  const [one, other, upstream] = await Promise.all([startTokenIssuer(), startTokenIssuer(), startRecordingUpstream()]);
  onTestFinished(async () => {
    await Promise.all([one.close(), other.close(), upstream.close()]);
  });
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
log: { level: warn }
sources:
  one: { kind: jwt, issuer: "${one.issuer}", audience: [orders] }
  other: { kind: jwt, issuer: "${other.issuer}", audience: [orders] }
cache: { secret: "${'s'.repeat(40)}" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
  - { id: end, match: { path: "/end/{id}" }, upstream: service, access: authenticated, evict: ${evict} }
`);
  onTestFinished(gateway.close);
  const status = async (token: string, path = '/own') => {
    const response = await fetch(`${gateway.origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return response.status;
  };
  const tokens = await Promise.all([one, other].map((issuer) => issuer.token({ iat: nowS() - 60 })));
  return { status, tokens: [tokens[0]!, tokens[1]!] as const };
}

const rows: readonly [what: string, evict: string, id: string, ofOther: 200 | 401][] = [
  ['the user', '{ user: "{identity.userId}" }', 'x', 200],
  // Control: a path parameter may specify a user of any source.
  ['a user specified in the path', '{ user: "{id}" }', 'ann', 401],
];

test.each(rows)('%s', async (_, evict, id, ofOther) => {
  const { status, tokens } = await startBeside(evict);
  const [mine, others] = tokens;
  expect([await status(mine), await status(others)]).toEqual([200, 200]);
  expect(await status(mine, `/end/${id}`)).toBe(200);
  expect([await status(mine), await status(others)]).toEqual([401, ofOther]);
});
