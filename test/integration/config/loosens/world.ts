/**
 * A gateway with the services around it, and the question whether a changed key lets more in: through each of two configurations that
 * differ in one key, the same is attempted.
 */
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Loosening } from '../../../../src/config/schema/key.ts';
import { metadata, optionFor, type Schema, unwrap } from '../../../../src/config/schema/metadata.ts';
import { configSchema } from '../../../../src/config/schema.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../../support/running-gateway.ts';
import { startTokenIssuer, type TokenIssuer } from '../../../support/token-issuer.ts';

type Section = Record<string, unknown>;

/** Values by dotted path; undefined removes the key. */
export type Values = Readonly<Record<string, unknown>>;

export interface World {
  /** Knows the bearers `ann` (role user) and `bob` (roles user and suspended). */
  readonly authApi: FakeAuthApi;
  /** A server of introspection: every token is active, and has no type. */
  readonly introspection: FakeAuthApi;
  readonly issuer: TokenIssuer;
  readonly service: RecordingUpstream;
  close(): Promise<void>;
}

/** A world with a gateway in it. */
export interface Running extends World {
  readonly gateway: RunningGateway;
  /** Sends a request, with the bearer `ann` unless `headers` has another credential or null. */
  request(target?: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Response>;
}

export async function startWorld(): Promise<World> {
  const service = await startRecordingUpstream({
    answer: () => ({ rawHeaders: ['x-frame-options', 'DENY'], body: 'service' }),
  });
  const [authApi, introspection, issuer] = [
    await startFakeAuthApi(),
    await startFakeAuthApi(),
    await startTokenIssuer(),
  ];
  const active = { active: true, sub: 'ann', roles: ['user'] };
  await introspection.behave({ kind: 'answers', status: 200, body: JSON.stringify(active) });
  return {
    authApi,
    introspection,
    issuer,
    service,
    close: async () => {
      for (const one of [authApi, introspection, issuer, service]) await one.close();
    },
  };
}

/** Whether `attempt` succeeds with the values. */
export async function succeeds(
  world: World,
  values: Values,
  attempt: (running: Running) => Promise<boolean>,
): Promise<boolean> {
  const { authApi, issuer, service } = world;
  await authApi.behave({ kind: 'fine' });
  authApi.addSession('ann', { userId: 'ann', groups: ['staff'], authenticatedAt: Math.floor(Date.now() / 1000) - 600 });
  authApi.addSession('bob', { userId: 'bob', roles: ['user', 'suspended'] });
  authApi.addKeyPair('key', 'secret', {});
  authApi.remove('late');
  issuer.respond = null;
  service.clear();
  const gateway = await startGateway(configText(world, values));
  try {
    const request: Running['request'] = (target = '/r/x', headers = { authorization: 'Bearer ann' }, method = 'GET') =>
      fetch(`${gateway.origin}${target}`, { method, headers, redirect: 'manual' });
    return await attempt({ ...world, gateway, request });
  } finally {
    await gateway.close();
  }
}

export const route = { id: 'r', match: { path: '/r/**' }, upstream: 'service', access: ['user'] };

function configText({ authApi, service }: World, values: Values): string {
  const config: Section = {
    version: 1,
    server: { listen: '127.0.0.1:0', admin: '127.0.0.1:0' },
    authApi: { url: new URL(authApi.url).origin },
    roles: { user: {}, admin: {}, suspended: {} },
    upstreams: { service: { targets: [service.origin] } },
    routes: [{ ...route }],
  };
  for (const [path, value] of Object.entries(values)) set(config, path.split('.'), value);
  return stringify(config);
}

function set(section: Section, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    section[key] ??= {};
    set(section[key] as Section, rest, value);
  } else if (value === undefined) delete section[key];
  else section[key] = value;
}

/** The schema of the key at a path of a configuration; `values`: what decides of which kind a source is. */
export function schemaAt(path: string, values: Values): Schema {
  const keys = path.split('.');
  return keys.reduce<Schema>((schema, key, index) => {
    const below = keyBelow(unwrap(schema), key, values[keys.slice(0, index).join('.')]);
    if (below === null) throw new Error(`no key ${path}`);
    return below;
  }, configSchema);
}

function keyBelow(inner: Schema, key: string, value: unknown): Schema | null {
  if (inner instanceof z.ZodObject) return (inner.shape as Record<string, Schema>)[key] ?? null;
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodDiscriminatedUnion) return keyBelow(optionFor(inner, value)!, key, value);
  if (!(inner instanceof z.ZodUnion)) return null;
  return inner.options.map((option) => keyBelow(unwrap(option), key, value)).find((below) => below !== null) ?? null;
}

/** Whether the key says that the second value can be looser. */
export function isLooser(schema: Schema, before: unknown, after: unknown): boolean {
  const { direction, loosest, strictest } = metadata(schema).loosens as Loosening;
  const [from, to] = [before, after].map((value) => (value === undefined ? 'unset' : value));
  if (to === loosest || from === strictest) return true;
  const number = (value: unknown) => z.parse(schema, value) as number;
  const entries = (value: unknown) =>
    (Array.isArray(value) ? value : Object.entries((value ?? {}) as object)).map((one) => JSON.stringify(one));
  const more = (few: unknown, many: unknown) =>
    entries(few).every((one) => entries(many).includes(one)) && entries(many).length > entries(few).length;
  if (typeof direction !== 'string') return direction.indexOf(after as string) > direction.indexOf(before as string);
  if (direction === 'higher') return number(after) > number(before);
  if (direction === 'lower') return number(after) < number(before);
  if (direction === 'added') return more(before, after);
  if (direction === 'removed') return more(after, before);
  return direction === 'any' && !isDeepStrictEqual(before, after);
}
