/** An admin port with fake sources, and what each of its problem responses must contain. */
import { expect, onTestFinished } from 'vitest';
import { type AdminOptions, createAdminServer } from '../../../src/admin/admin-server.ts';
import type { ReadyReport } from '../../../src/admin/ready-report.ts';
import { makeTable } from '../../unit/core/make-policy.ts';

export const up: ReadyReport = {
  configuration: true,
  sources: [{ name: 'authApi', reachable: true, failures: [] }],
  readyWithoutSources: true,
  redis: null,
  revocations: null,
  mail: null,
  identityKeys: null,
  workers: null,
  draining: false,
};
export const table = makeTable([
  { on: '/v1/orders/**', id: 'orders', access: { GET: ['user'], DELETE: { all: ['admin'] } } },
]);
/** Every webhook is the first with its id. */
export const noReplays = { seen: async () => false, keep: async () => {} };
export const errorIdShape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** `token`: a token with all scopes; null: none. */
export type AdminPart = Partial<AdminOptions> & { readonly token?: () => string | null };

export function adminOptions({ token = () => null, ...part }: AdminPart): AdminOptions {
  return {
    address: { host: '127.0.0.1', port: 0 },
    version: 'test',
    hostNames: () => [],
    tokens: () => {
      const own = token();
      return own === null ? [] : [{ name: 'adminToken', token: own, scope: 'write' }];
    },
    metrics: async () => ({ type: 'text/plain; version=0.0.4', text: 'x 1\n' }),
    live: () => true,
    ready: async () => up,
    routes: () => table,
    ...part,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Closed at the end of the test. */
export async function startAdmin(part: AdminPart = {}) {
  const server = createAdminServer(adminOptions(part));
  const { port } = await server.listen();
  onTestFinished(() => server.close());
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { port, ask, close: () => server.close() };
}

export function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('x-error')).toMatch(/^[\x20-\x7e]{1,256}$/);
  expect(answer.headers.get('x-error-id')).toMatch(errorIdShape);
  expect(JSON.parse(answer.text)).toMatchObject({
    status,
    code,
    title: answer.headers.get('x-error'),
    errorId: answer.headers.get('x-error-id'),
  });
}
