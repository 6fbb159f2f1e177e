import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAuthApiFields } from '../../../../../src/config/compile-fields.ts';
import type { Credential } from '../../../../../src/core/credential/credential.ts';
import type { Unresolved } from '../../../../../src/core/identity/identity.ts';
import { authApiProtocol } from '../../../../../src/identity/sources/auth-api/auth-api-source.ts';
import type { HttpResponse } from '../../../../../src/identity/sources/remote/http-exchange.ts';
import { recordEvents } from '../../recorded-events.ts';
import { bearer, keyPair, ownUsers, platformFields } from '../../samples.ts';

const asked = {
  issuer: null,
  users: ownUsers(),
  urls: ['http://127.0.0.1'],
  timeoutMs: 1_000,
  concurrency: 1,
  honorCacheControl: false,
  breaker: { failures: 1, openMs: 1 },
  tls: null,
  paths: { session: '/session', keyPair: '/keypair' },
  headers: { apiKey: 'api-key', apiSecret: 'api-secret' },
};
const nowMs = 1_700_000_000_000;
const session = {
  sessionID: '11111111-2222-4333-8444-555555555555',
  userID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  alias: 'ana',
  fullName: 'Ana Example',
  expireAt: 1_893_456_000,
  ip: '203.0.113.7',
  userAgent: 'client/1.0',
  verified: true,
  roles: ['user'],
  groups: ['public'],
};
const pairBody = {
  apiKey: 'k'.repeat(32),
  keyID: '11111111-2222-4333-8444-555555555555',
  keyName: 'Example',
  expireAt: 1_893_456_000,
  verified: true,
  userID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  userName: 'Ana Example',
  userAlias: 'ana',
  roles: ['user'],
  groups: ['public'],
};

function answer(body: unknown, changes: Partial<HttpResponse> = {}): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text), ...changes };
}

function judge(
  given: HttpResponse,
  { contract = platformFields, credential = bearer() as Credential, rejectedStatuses = [401] } = {},
) {
  const config = { ...asked, ...contract, rejectedStatuses };
  return authApiProtocol({ name: 'authApi', settings: 'authApi', config, events: recordEvents() }).judge(
    given,
    credential,
    nowMs,
  );
}

describe('a response of the Auth API', () => {
  it('parses a session', () => {
    expect(judge(answer(session)).identity).toEqual({
      kind: 'bearer',
      userId: session.userID,
      roles: ['user'],
      groups: ['public'],
      alias: 'ana',
      fullName: 'Ana Example',
      sessionId: session.sessionID,
      keyId: null,
      tokenId: null,
      issuedAtMs: null,
      authenticatedAtMs: null,
      claims: {},
      source: 'authApi',
      acceptedBy: 'authApi',
      expireAtMs: 1_893_456_000_000,
    });
  });

  it('parses a key pair', () => {
    expect(judge(answer(pairBody), { credential: keyPair() }).identity).toEqual({
      kind: 'keyPair',
      userId: pairBody.userID,
      roles: ['user'],
      groups: ['public'],
      alias: 'ana',
      fullName: 'Ana Example',
      sessionId: null,
      keyId: pairBody.keyID,
      tokenId: null,
      issuedAtMs: null,
      authenticatedAtMs: null,
      claims: {},
      source: 'authApi',
      acceptedBy: 'authApi',
      expireAtMs: 1_893_456_000_000,
    });
  });

  it('parses the response of another Auth API by its configured paths, without the fields it lacks', () => {
    const contract = compileAuthApiFields(
      {
        userId: 'data.user.id',
        roles: 'data.user.roles',
        groups: null,
        expireAt: null,
        sessionId: null,
        keyId: null,
        alias: { session: 'data.user.nick', keyPair: null },
        fullName: { session: null, keyPair: null },
        verified: null,
        tokenId: null,
        issuedAt: null,
        authenticatedAt: null,
        claims: {},
      },
      {},
    );
    expect(judge(answer({ data: { user: { id: 'u-1', roles: [], nick: 'bo' } } }), { contract }).identity).toEqual({
      kind: 'bearer',
      userId: 'u-1',
      roles: [],
      groups: [],
      alias: 'bo',
      fullName: null,
      sessionId: null,
      keyId: null,
      tokenId: null,
      issuedAtMs: null,
      authenticatedAtMs: null,
      claims: {},
      source: 'authApi',
      acceptedBy: 'authApi',
      expireAtMs: Number.POSITIVE_INFINITY,
    });
  });

  it('freezes the identity, which requests share', () => {
    const { identity } = judge(answer(session));
    expect(Object.isFrozen(identity) && Object.isFrozen(identity?.roles) && Object.isFrozen(identity?.groups)).toBe(
      true,
    );
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/vnd.example.v1+json',
  ])('parses %s as JSON', (contentType) => {
    expect(judge(answer(session, { headers: { 'content-type': contentType } })).identity).not.toBeNull();
  });

  it.each<[string, HttpResponse]>([
    ['401', answer('{}', { status: 401 })],
    ['401 with HTML', answer('<html>', { status: 401, headers: { 'content-type': 'text/html' } })],
    ['verified: false', answer({ ...session, verified: false })],
    ['only verified: false', answer({ verified: false })],
    ['an expiry of now', answer({ ...session, expireAt: nowMs / 1000 })],
    ['an expiry in the past', answer({ ...session, expireAt: 0 })],
  ])('rejects the credential: %s', (_, given) => {
    expect(judge(given)).toMatchObject({
      identity: null,
      reason: 'credential_rejected',
      retryAfterS: null,
      failure: null,
    });
  });

  it.each([201, 204, 206, 301, 302, 307, 400, 403, 404, 407, 408, 418, 500, 502, 504])(
    'counts %i as an outage, whatever the body',
    (status) => {
      const given = answer(session, { status });
      expect(judge(given)).toEqual({
        identity: null,
        reason: 'auth_unavailable',
        retryAfterS: null,
        failure: { kind: 'status', detail: `status ${status}` },
      });
    },
  );

  it.each<[string, string, number | null]>([
    ['seconds', '17', 17],
    ['a date', new Date(nowMs + 90_000).toUTCString(), 90],
    ['a date in the past', new Date(nowMs - 90_000).toUTCString(), 0],
    ['far too long', '999999999', 3_600],
    ['nonsense', 'soon', null],
    ['a negative number', '-5', null],
  ])('returns the wait of a Retry-After given as %s', (_, value, retryAfterS) => {
    const headers = { 'retry-after': value };
    expect(judge(answer('', { status: 429, headers }))).toMatchObject({ reason: 'auth_throttled', retryAfterS });
    expect(judge(answer('', { status: 503, headers }))).toMatchObject({ reason: 'auth_unavailable', retryAfterS });
  });

  const wrongTypes: [string, unknown][] = ['userID', 'roles', 'groups', 'expireAt', 'sessionID', 'verified'].flatMap(
    (field) =>
      [undefined, null, 7.5, -1, '', 'text', 'true', 1, 0, {}, [7], [['user']], [null], 'user,admin']
        .filter(
          (value) =>
            !(field === 'userID' || field === 'sessionID') || !['text', 'true', 'user,admin'].includes(String(value)),
        )
        .filter((value) => !(field === 'expireAt' && (value === 1 || value === 0)))
        .map((value): [string, unknown] => [`${field} = ${JSON.stringify(value)}`, { ...session, [field]: value }]),
  );
  it.each<[string, unknown]>([
    ...wrongTypes,
    ['a user id with a space', { ...session, userID: 'a b' }],
    ['a user id with a line break', { ...session, userID: 'a\r\nx: y' }],
    ['a user id that is too long', { ...session, userID: 'u'.repeat(257) }],
    ['roles as an object with a length', { ...session, roles: { length: 1, 0: 'admin' } }],
    ['a role with a comma', { ...session, roles: ['user,admin'] }],
    ['an empty role', { ...session, roles: [''] }],
    ['a group with a comma', { ...session, groups: ['public,acme'] }],
    ['a group with a control character', { ...session, groups: ['pub\u0000lic'] }],
    ['a group with a C1 control character', { ...session, groups: ['pub\u0085lic'] }],
    ['an expiry as text', { ...session, expireAt: '1893456000' }],
    ['an expiry beyond all dates', { ...session, expireAt: 1e15 }],
    ['an alias that is a number', { ...session, alias: 7 }],
    ['a full name with a line break', { ...session, fullName: 'Ana\nExample' }],
    ['a list', [session]],
    ['null', null],
    ['text', '"session"'],
    ['an empty object', {}],
    ['truncated JSON', JSON.stringify(session).slice(0, -1)],
    ['nothing', ''],
    ['HTML', '<html></html>'],
    ['inherited fields', '{"__proto__":{"userID":"u","roles":["admin"],"groups":[],"verified":true}}'],
  ])('counts as an invalid response: %s', (_, body) => {
    expect(judge(answer(body))).toMatchObject({ identity: null, reason: 'auth_response_invalid', retryAfterS: null });
  });

  it.each<[string, unknown, string]>([
    ['missing', { ...session, roles: undefined }, 'field "roles" is missing (authApi.fields.roles)'],
    [
      'of the wrong type',
      { ...session, userID: 7 },
      'field "userID": expected visible ASCII without blanks, 1 to 256 characters, found a value of type number (authApi.fields.userId)',
    ],
    [
      'a text with a line break',
      { ...session, fullName: 'Ana\nExample' },
      'field "fullName": expected text without control characters, at most 256 characters, found another text (authApi.fields.fullName)',
    ],
  ])('the problem names the field that is %s, but not its value', (_, body, detail) => {
    expect(judge(answer(body))).toMatchObject({ failure: { kind: 'field', detail } });
  });

  describe('declared claims', () => {
    const declared = {
      plan: { field: 'plan', type: 'string', optional: true },
      level: { field: [{ path: 'acr.level' }, 'level'], type: 'number', optional: true },
      staff: { field: 'staff', type: 'boolean', optional: true },
      amr: { field: 'amr', type: 'list', split: ' ', optional: true },
      since: { field: 'since', type: 'time', optional: true },
    } as const;
    const read = (body: object, claims: Parameters<typeof compileAuthApiFields>[1] = declared) => {
      const events = recordEvents();
      const contract = compileAuthApiFields(
        {
          ...{ userId: 'userID', roles: 'roles', groups: 'groups', expireAt: 'expireAt', sessionId: 'sessionID' },
          ...{ keyId: null, alias: null, fullName: null, verified: 'verified', tokenId: null, issuedAt: null },
          ...{ authenticatedAt: 'auth_time', claims: { plan: 'account.plan' } },
        },
        claims,
      );
      const config = { ...asked, ...contract, rejectedStatuses: [401] };
      const protocol = authApiProtocol({ name: 'authApi', settings: 'authApi', config, events });
      const judged = protocol.judge(answer({ ...session, auth_time: 7, ...body }), bearer(), nowMs);
      return { judged, lines: events.lines };
    };

    it('are parsed by type, from where the source has them', () => {
      const body = { account: { plan: 'gold' }, level: 2, staff: false, amr: 'pwd otp', since: 1_700_000_000.5 };
      const { judged, lines } = read({ plan: 'not here', ...body });
      const claims = { plan: 'gold', level: 2, staff: false, amr: ['pwd', 'otp'], since: 1_700_000_000_000 };
      expect(judged.identity).toMatchObject({ authenticatedAtMs: 7_000, claims });
      expect(Object.keys(judged.identity!.claims)).toEqual(Object.keys(claims));
      expect(lines).toEqual([]);
      expect(read({ since: '2023-11-14T22:13:20+00:00' }).judged.identity?.claims).toEqual({
        since: 1_700_000_000_000,
      });
    });

    it.each<[string, object, string]>([
      ['a number instead of text', { account: { plan: 7 } }, 'plan: field "account.plan": expected text'],
      ['text instead of a number', { level: '2' }, 'level: field "level": expected a number'],
      ['an object instead of a number', { acr: { level: {} } }, 'level: field "acr.level": expected a number'],
      ['a number beyond exact precision', { level: 2 ** 53 }, 'level: field "level": expected a number up to 2^53 - 1'],
      ['text instead of a boolean', { staff: 'true' }, 'staff: field "staff": expected true or false'],
      ['a list of numbers', { amr: [1] }, 'amr: field "amr": expected a list'],
      ['a list item with a comma', { amr: ['a,b'] }, 'amr: field "amr": expected a list'],
      ['a date without a time', { since: '2026-01-01' }, 'since: field "since": expected Unix seconds'],
      ['a time before 1970', { since: -1 }, 'since: field "since": expected Unix seconds'],
    ])('of another type are not treated as absent, and the cause shows no value: %s', (_, body, cause) => {
      const { judged, lines } = read(body);
      expect(judged.identity?.claims).toEqual({ [cause.split(':')[0]!]: null });
      expect(lines).toEqual([expect.stringContaining(`unreadable authApi ${cause}`)]);
    });

    it('that are absent cause nothing unless they are required', () => {
      expect(read({ plan: null })).toMatchObject({ judged: { identity: { claims: {} } }, lines: [] });
      const needed = { plan: { ...declared.plan, optional: false } };
      expect(read({}, needed).judged).toMatchObject({
        reason: 'auth_response_invalid',
        failure: { detail: 'field "account.plan" is missing (identity.claims.plan)' },
      });
      expect(read({ account: { plan: true } }, needed).judged).toMatchObject({
        reason: 'auth_response_invalid',
        failure: { detail: expect.stringContaining('found a value of type boolean (identity.claims.plan)') },
      });
    });

    it('are not read from inherited properties', () => {
      const claims = { plan: { field: 'toString', type: 'string', optional: true } } as const;
      expect(read({}, claims).judged.identity?.claims).toEqual({});
    });
  });

  it('counts other statuses as a rejection if configured', () => {
    const judged = (status: number) => judge(answer('{}', { status }), { rejectedStatuses: [401, 403] });
    expect([401, 403, 404].map((status) => judged(status))).toMatchObject([
      { reason: 'credential_rejected' },
      { reason: 'credential_rejected' },
      { reason: 'auth_unavailable' },
    ]);
  });

  it.each<[string, HttpResponse]>([
    ['JSON with the type of HTML', answer(session, { headers: { 'content-type': 'text/html' } })],
    ['JSON without a type', answer(session, { headers: {} })],
    ['a type that only begins like JSON', answer(session, { headers: { 'content-type': 'application/jsonx' } })],
    [
      'a compressed body',
      answer(session, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }),
    ],
    [
      'invalid UTF-8',
      answer('', { body: Buffer.concat([Buffer.from('{"userID":"'), Buffer.of(0xff), Buffer.from('"}')]) }),
    ],
  ])('counts as an invalid response: %s', (_, given) => {
    expect(judge(given)).toMatchObject({ identity: null, reason: 'auth_response_invalid' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['missing', { ...session, alias: undefined, fullName: undefined }],
    ['null', { ...session, alias: null, fullName: null }],
  ])('drops display names that are %s', (_, body) => {
    expect(judge(answer(body)).identity).toMatchObject({ alias: null, fullName: null });
  });

  it('finds an identity only in a 200, and never throws', () => {
    const reasons: Unresolved['reason'][] = [
      'credential_rejected',
      'auth_unavailable',
      'auth_throttled',
      'auth_response_invalid',
    ];
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), fc.json(), (status, body) => {
        const judgment = judge(answer(body, { status }));
        expect(judgment.identity === null && reasons.includes(judgment.reason)).toBe(true);
      }),
    );
  });
});
