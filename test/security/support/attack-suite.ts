/**
 * Runs a table of attacks: the same bytes through Rolegate, where they must do no harm, and, if the row specifies a
 * harm, through a naive gateway in front of the same service, where they must do it: the control of each row.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { openRaw, type RawAnswer, sendRaw } from '../../support/raw-client.ts';
import { type FooledUpstream, startFooledUpstream } from './fooled-upstream.ts';
import { leniencies } from './lenient-reading.ts';
import { type Naivety, startNaiveGateway } from './naive-gateway.ts';
import { type Harm, known } from './sloppy-service.ts';
import { type AttackedGateway, startAttacked } from './start-attacked.ts';

export interface Attack {
  /** Class, specifics, and identifier, such as `dot segment, escaped: CVE-2021-41773`. */
  readonly name: string;
  /** Bytes (each character is one byte). Of several parts, each but the first is written after a response. */
  readonly bytes: string | readonly string[];
  /** Statuses that the client may get; `closed`: the connection may end without a response. */
  readonly status: number | 'closed' | readonly (number | 'closed')[];
  /** Statuses of further responses on the connection, if it continues. */
  readonly afterwards?: readonly number[];
  /** The `code` of the refusal. */
  readonly code?: string;
  /** Target that the service receives, or several in order; null: it receives nothing. Unset: not checked. */
  readonly reaches?: string | readonly string[] | null;
  /** The harm at a naive gateway. Unset: the row only shows what `status` and `reaches` state. */
  readonly harm?: Harm;
  /** How the control's gateway is naive, if the default would not allow the harm. */
  readonly naivety?: Naivety;
  /** Checks what the service received. */
  readonly check?: (got: { upstream: FooledUpstream; answer: RawAnswer | null }) => void;
}

export interface World {
  readonly gateway: AttackedGateway;
  readonly upstream: FooledUpstream;
  readonly authApi: FakeAuthApi;
  /** Connections after their last response: each resolves to what else it received, once the gateway has closed it. */
  readonly closing: Promise<string>[];
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Further lines under `server`. */
  readonly server?: string;
  /** Further routes. */
  readonly routes?: string;
  /** Further top-level keys. */
  readonly more?: string;
  /** Whether everything else is public, so that a path that bypasses its rule is forwarded. Default: true. */
  readonly open?: boolean;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const upstream = await startFooledUpstream();
  const authApi = await startFakeAuthApi();
  const { user, admin } = known;
  authApi.addSession(user.token, { userId: user.id, roles: ['user'] });
  authApi.addSession(admin.token, { userId: admin.id, roles: ['admin'] });
  authApi.addKeyPair(user.key, user.secret, { userId: user.id, roles: ['user'] });
  const rest =
    options.open === false
      ? ''
      : '  - { id: rest, match: { path: "/**" }, upstream: service, access: public, websocket: true }\n';
  const gateway = await startAttacked(`version: 1
server: { listen: "127.0.0.1:0", admin: false${options.server === undefined ? '' : `, ${options.server}`} }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { service: { targets: ["${upstream.origin}"] } }
${options.more ?? ''}
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: authenticated, websocket: true }
  - { id: admin, match: { path: "/admin/**" }, upstream: service, access: [admin], websocket: true }
  - { id: items, match: { path: "/items/**" }, upstream: service, access: { "GET,POST": public, DELETE: [admin] } }
${rest}${options.routes ?? ''}`);
  return {
    gateway,
    upstream,
    authApi,
    closing: [],
    async close() {
      await gateway.close();
      await upstream.close();
      await authApi.close();
    },
  };
}

/** A request from lines, followed by the body unchanged. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: a.test', ...headers, '', body].join('\r\n');
}

export const bearer = `Authorization: Bearer ${known.user.token}`;

let marks = 0;

/** One group of attacks, with its own gateway. */
export function attackSuite(group: string, attacks: readonly Attack[], options: WorldOptions = {}): void {
  describe(group, () => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld(options);
    });
    afterAll(async () => {
      try {
        // Nothing after the last response gets a response, and the connection ends.
        expect((await Promise.all(world.closing)).filter((rest) => rest !== '')).toEqual([]);
      } finally {
        await world.close();
      }
    });

    test.each(attacks.map((attack) => [attack.name, attack] as const))('%s', async (_, attack) => {
      await runAttack(world, attack);
    });

    const harmful = attacks.filter(({ harm }) => harm !== undefined);
    test.each(harmful.map((attack) => [attack.harm, attack.name, attack] as const))(
      'control: without defenses, %s by %s',
      async (harm, _name, attack) => {
        await showHarm(attack, harm!);
      },
    );
  });
}

/** Sends the attack through Rolegate and checks the row's expectations, and that it did no harm. */
export async function runAttack({ gateway, upstream, closing }: World, attack: Attack): Promise<RawAnswer | null> {
  upstream.clear();
  const parts = typeof attack.bytes === 'string' ? [attack.bytes] : attack.bytes;
  const client = await openRaw(gateway.port);
  let left = false;
  try {
    client.write(Buffer.from(parts[0] ?? '', 'latin1'));
    const method = /^\S*/.exec(parts[0] ?? '')?.[0] ?? '';
    const answer = await client.answer(method).catch((error: Error) => {
      if (/^Closed/.test(error.message)) return null;
      throw error;
    });
    const allowed = Array.isArray(attack.status) ? attack.status : [attack.status];
    expect(allowed).toContain(answer?.status ?? 'closed');
    if (answer !== null && answer.status >= 400) expectRefusal(answer, attack.code, method);
    marks += 1;
    for (const part of parts.slice(1)) client.write(Buffer.from(part, 'latin1'));
    let last = isLast(answer);
    for (const status of attack.afterwards ?? []) {
      if (last) break;
      const next = await client.answer();
      expect(next.status).toBe(status);
      last = isLast(next);
    }
    if (answer?.status !== 101) client.write(`GET /public/after-${marks} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    if (!last) {
      expect((await client.answer()).text()).toBe(`served GET /public/after-${marks}`);
    } else if (answer?.status !== 101) {
      const rest = client.closed().then(() => client.unread().toString('latin1'));
      closing.push(rest.finally(() => client.destroy()));
      left = true;
    }
    // Whatever was sent to the service before has arrived once this request has.
    await sendRaw(gateway.port, `GET /public/end-${marks} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`);
    expect(upstream.harms()).toEqual([]);
    expect(upstream.undecided()).toEqual([]);
    const own = (target: string) =>
      (last || !target.startsWith('/public/after-')) && !target.startsWith('/public/end-');
    const [first, second] = leniencies.map((one) =>
      upstream
        .seen(one)
        .map(({ target }) => target)
        .filter(own),
    );
    expect(first).toEqual(second);
    if (attack.reaches === null) expect(first).toEqual([]);
    else if (attack.reaches !== undefined) expect(first).toEqual([attack.reaches].flat());
    attack.check?.({ upstream, answer });
    return answer;
  } finally {
    if (!left) client.destroy();
  }
}

/** Whether the connection ends with this response. */
function isLast(answer: RawAnswer | null): boolean {
  return answer === null || answer.status === 101 || answer.header('connection')?.toLowerCase() === 'close';
}

function expectRefusal(answer: RawAnswer, code: string | undefined, method: string): void {
  expect(answer.header('x-error')).toMatch(/^[\x20-\x7e]{1,256}$/);
  expect(answer.header('x-error-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  if (code !== undefined && method !== 'HEAD') expect(JSON.parse(answer.text()).code).toBe(code);
}

/** The same bytes through a naive gateway, parsed either way: the service is harmed. */
async function showHarm(attack: Attack, harm: Harm): Promise<void> {
  const upstream = await startFooledUpstream();
  const gateways = await Promise.all(leniencies.map((one) => startNaiveGateway(upstream.port, one, attack.naivety)));
  const clients = await Promise.all(gateways.map(({ port }) => openRaw(port)));
  try {
    const parts = typeof attack.bytes === 'string' ? [attack.bytes] : attack.bytes;
    for (const [index, part] of parts.entries()) {
      // A gateway that sends no response waits for more bytes.
      const answered = () => expect(clients.some((client) => client.unread().length > 0)).toBe(true);
      if (index > 0) await vi.waitFor(answered, { interval: 5, timeout: 300 }).catch(() => {});
      for (const client of clients) client.write(Buffer.from(part, 'latin1'));
    }
    await vi.waitFor(() => expect(upstream.harms()).toContain(harm), { interval: 5 });
  } finally {
    for (const client of clients) client.destroy();
    for (const gateway of gateways) await gateway.close();
    await upstream.close();
  }
}
