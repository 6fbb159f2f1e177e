/** The running proxy does what `decide` decides for a generated request, and nothing guarded gets through. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { reasons } from '../../src/core/outcome/reasons.ts';
import { guardedTargets, targets } from '../property/spellings.ts';
import { configText, nobody, patienceMs, readPolicy, runs, view } from '../property/support.ts';
import { type FooledUpstream, startFooledUpstream } from '../security/support/fooled-upstream.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { openRaw, type RawConnection } from '../support/raw-client.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';

let upstream: FooledUpstream;
let authApi: FakeAuthApi;
let gateway: RunningGateway;
let client: RawConnection | null = null;
beforeAll(async () => {
  upstream = await startFooledUpstream();
  authApi = await startFakeAuthApi();
  gateway = await startGateway(configText(upstream.origin, authApi.port));
});
afterAll(async () => {
  client?.destroy();
  await gateway.close();
  await upstream.close();
  await authApi.close();
});

/** Bytes that a request line can contain as one target. */
const isOneTarget = (target: string) => /^[^\s\0-\x20\x7f\u0100-\uffff]+$/.test(target);

test('a generated request gets the decided response', { timeout: patienceMs }, async () => {
  const policy = readPolicy();
  const property = async (target: string, method: string) => {
    fc.pre(isOneTarget(target));
    upstream.clear();
    const decided = decide(view(method, target), policy, nobody);
    if (decided instanceof Promise) throw new Error('the decision is not synchronous');
    client ??= await openRaw(gateway.port);
    client.write(Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`, 'latin1'));
    const answer = await client.answer(method);
    if (answer.header('connection')?.toLowerCase() === 'close') {
      client.destroy();
      client = null;
    }
    const seen = upstream.seen('length-first').map((request) => request.target);
    if (decided.outcome === 'allow' && answer.status === 200) {
      expect(seen).toEqual([decided.request.path + decided.request.query]);
    } else {
      expect(seen).toEqual([]);
      // An invalid target is refused by the parser before the decision, with its own reason.
      const { code } = JSON.parse(answer.text());
      if (code === 'request_malformed')
        expect(decided.reason === 'target_invalid' || /[\x80-\xff]/.test(target)).toBe(true);
      else {
        expect(decided.outcome).toBe('refuse');
        if (decided.outcome === 'refuse')
          expect([answer.status, code]).toEqual([reasons[decided.reason].status, decided.reason]);
      }
    }
    expect(upstream.harms()).toEqual([]);
  };
  const methods = fc.constantFrom('GET', 'POST', 'DELETE', 'PUT');
  await fc.assert(
    fc.asyncProperty(fc.oneof(targets, guardedTargets), methods, async (target, method) => property(target, method)),
    runs(3_000),
  );
});
