/**
 * Properties of canonical paths: normalizing is idempotent, no spelling of the guarded path is allowed to an
 * unauthorized caller, and the decision on the canonical form equals that on the original spelling.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { canonicalHost } from '../../src/core/url/canonical-host.ts';
import { canonicalPath } from '../../src/core/url/canonical-path.ts';
import { servedPaths } from '../security/support/sloppy-service.ts';
import { guardedTargets, targets } from './spellings.ts';
import { ann, nobody, patienceMs, readPolicy, runs, view } from './support.ts';

const policy = readPolicy();
const settled = (decision: Decision | Promise<Decision>): Decision => {
  if (decision instanceof Promise) throw new Error('the decision is not synchronous');
  return decision;
};

/** Paths for which a sloppy service may take the forwarded request. */
function served(decision: Decision): string[] {
  if (decision.outcome !== 'allow') return [];
  const { method, path, query } = decision.request;
  const target = path + query;
  return servedPaths({ method, target, headers: [], trailers: [], body: Buffer.alloc(0), head: '' });
}
const isGuarded = (path: string) => path === '/admin' || path.startsWith('/admin/');

test('normalizing a path is idempotent', { timeout: patienceMs }, () => {
  const property = (path: string) => {
    const once = canonicalPath(path);
    if (typeof once === 'string') return;
    const twice = canonicalPath(once.path);
    if (typeof twice === 'string') throw new Error(`refused the second time: ${twice}`);
    expect(twice.path).toBe(once.path);
    // An ambiguity in a segment that a dot segment removed is remembered, and only then.
    expect(twice.ambiguities & ~once.ambiguities).toBe(0);
  };
  const paths = targets.map((target) => target.split('?')[0] ?? '');
  fc.assert(fc.property(paths, property), runs(15_000));
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).map((text) => `/${text}`),
      property,
    ),
    runs(5_000),
  );
});

test('a canonical path contains nothing ambiguous', { timeout: patienceMs }, () => {
  fc.assert(
    fc.property(targets, (target) => {
      const read = canonicalPath(target.split('?')[0] ?? '');
      if (typeof read === 'string') return;
      expect(read.path).toMatch(/^\/(?:[!$&-;=@-Z_a-z~]|%[0-9A-F]{2})*$/);
      expect(read.path).not.toMatch(/\/\.{1,2}(?:\/|$)|\/\/|%2E|%00|%5C|%[46][1-9A-F]|%3[0-9]/);
      if (read.ambiguities === 0) expect(read.path).not.toMatch(/;|%2F|%25[0-9A-F]{2}/i);
    }),
    runs(15_000),
  );
});

test('a canonical host is its own canonical form', { timeout: patienceMs }, () => {
  const hosts = fc.oneof(
    fc.string(),
    fc.domain(),
    fc.ipV6().map((address) => `[${address}]`),
    fc.webAuthority({ withPort: true }),
  );
  fc.assert(
    fc.property(hosts, fc.constantFrom('', '.', ':80', ':', '.:8080'), (host, end) => {
      const once = canonicalHost(host + end);
      if (once !== null && once !== '') expect(canonicalHost(once)).toBe(once);
    }),
    runs(5_000),
  );
});

test('no spelling of the guarded path is allowed without its role', { timeout: patienceMs }, () => {
  const property = (target: string, method: string) => {
    for (const [resolve, headers] of [
      [nobody, ['Host', 'a.test']],
      [ann, ['Host', 'a.test', 'Authorization', 'Bearer good']],
    ] as const) {
      const decision = settled(decide(view(method, target, headers), policy, resolve));
      expect(served(decision).filter(isGuarded)).toEqual([]);
    }
  };
  const methods = fc.constantFrom('GET', 'POST', 'DELETE', 'OPTIONS', 'get', 'PROPFIND');
  fc.assert(fc.property(guardedTargets, methods, property), runs(20_000));
  fc.assert(fc.property(targets, methods, property), runs(20_000));
});

test('control: without normalizing, some spellings reach the guarded path', () => {
  const naive = fc.sample(guardedTargets, { numRuns: 2_000, seed: 1 }).filter((target) => !target.startsWith('/admin'));
  const harmful = naive.filter((target) =>
    servedPaths({ method: 'GET', target, headers: [], trailers: [], body: Buffer.alloc(0), head: '' }).some(isGuarded),
  );
  expect(harmful.length).toBeGreaterThan(500);
});

test('the decision on the canonical form equals that on the original spelling', { timeout: patienceMs }, () => {
  fc.assert(
    fc.property(fc.oneof(targets, guardedTargets), fc.constantFrom('GET', 'DELETE', 'PUT'), (target, method) => {
      const first = settled(decide(view(method, target), policy, nobody));
      expect(first.reason).not.toBe('internal_error');
      if (first.request === null || first.reason === 'path_ambiguous') return;
      const second = settled(decide(view(method, first.request.path + first.request.query), policy, nobody));
      expect([second.outcome, second.reason, second.route?.id, second.request?.path]).toEqual([
        first.outcome,
        first.reason,
        first.route?.id,
        first.request.path,
      ]);
    }),
    runs(20_000),
  );
});
