/** The memory of heads of answers: the same head again, and nothing of one answer in another. */
import { describe, expect, it } from 'vitest';
import { compileCors } from '../../../src/core/forwarding/cors.ts';
import { defaultIdentityHeaders } from '../../../src/core/forwarding/identity-headers.ts';
import { compileResponseTreatment } from '../../../src/core/forwarding/response-headers.ts';
import { compileResponseRules } from '../../../src/core/forwarding/response-rules.ts';
import type { Route } from '../../../src/core/routing/route.ts';
import { type AnswerContext, answerHead, linesOf, withHeader } from '../../../src/upstream/answer-head.ts';
import { AnswerMemory } from '../../../src/upstream/answer-memory.ts';
import { AnswerReader } from '../../../src/upstream/wire/answer-reader.ts';
import type { HopControl, HopHandler } from '../../../src/upstream/wire/connection.ts';
import { makeRoute } from '../core/make-policy.ts';

const context: AnswerContext = {
  annotate: 'failures',
  rules: { treatResponse: compileResponseTreatment(defaultIdentityHeaders) },
};
const route = makeRoute({ on: '/a' });
const raw = ['Content-Type', 'text/plain', 'Content-Length', '2', 'Via', '1.1 inside', 'Date', 'now'];

describe('of one head', () => {
  it('gives what is made without it, and the same again', () => {
    const memory = new AnswerMemory();
    const first = memory.headOf(200, 'OK', raw, context, route, []);
    expect({ ...first, repeats: false }).toEqual(answerHead(200, 'OK', raw, context, route, []));
    expect(memory.headOf(200, 'OK', raw, context, route, [])).toBe(first);
  });

  it('gives what another route and another configuration make of it', () => {
    const memory = new AnswerMemory();
    const all: AnswerContext = { ...context, annotate: 'all' };
    const answers = compileResponseRules({ security: 'basic', set: new Map(), remove: ['content-type'] });
    const added: Route = { ...route, response: answers };
    for (const [used, on] of [
      [context, route],
      [all, route],
      [context, added],
      [context, null],
      [context, route],
    ] as const) {
      const { headers } = answerHead(200, 'OK', raw, used, on, []);
      expect(memory.headOf(200, 'OK', raw, used, on, []).headers).toEqual(headers);
    }
  });

  it('gives the same to routes that take turns and do nothing to answers', () => {
    const memory = new AnswerMemory();
    const other = makeRoute({ on: '/b' });
    const first = memory.headOf(200, 'OK', raw, context, route, []);
    expect(memory.headOf(200, 'OK', raw, context, other, [])).toBe(first);
    expect(memory.headOf(200, 'OK', raw, context, null, [])).toBe(first);
  });

  it('gives every failure an id of its own', () => {
    const memory = new AnswerMemory();
    const ids = [1, 2, 3].map(() => memory.headOf(500, 'No', raw, context, route, []).errorId);
    expect(new Set(ids).size).toBe(3);
  });

  it('gives every origin the CORS headers that are for it', () => {
    const memory = new AnswerMemory();
    const cors = compileCors({
      origins: ['https://a.test', 'https://b.test'],
      methods: null,
      headers: [],
      exposeHeaders: [],
      credentials: true,
      maxAgeMs: 0,
    });
    const on: Route = { ...route, cors };
    const heads = ['https://a.test', 'https://b.test'].map((origin) => {
      const asked = ['Origin', origin];
      return [
        memory.headOf(200, 'OK', raw, context, on, asked).headers,
        answerHead(200, 'OK', raw, context, on, asked).headers,
      ];
    });
    for (const [found, wanted] of heads) expect(found).toEqual(wanted);
    expect(heads[0]![0]).not.toEqual(heads[1]![0]);
    // Nor do they reach a route without CORS, or its answer one with it.
    const without = answerHead(200, 'OK', raw, context, route, []).headers;
    expect(memory.headOf(200, 'OK', raw, context, route, []).headers).toEqual(without);
    expect(memory.headOf(200, 'OK', raw, context, on, ['Origin', 'https://a.test']).headers).toEqual(heads[0]![1]);
  });

  it('is not changed by what one answer adds', () => {
    const memory = new AnswerMemory();
    const first = memory.headOf(200, 'OK', raw, context, route, []);
    const text = linesOf(first).text;
    const last = withHeader(first, 'connection', 'close');
    expect(linesOf(last)).toMatchObject({ text: `${text}connection: close\r\n`, last: true });
    expect(linesOf(memory.headOf(200, 'OK', raw, context, route, []))).toMatchObject({ text, last: false });
  });
});

describe('of the answers on a connection', () => {
  /** The heads that are read out of the answers, one after the other. */
  function readAll(answers: readonly (readonly [method: string, text: string])[]) {
    const reader = new AnswerReader();
    return answers.map(([method, text]) => {
      let seen: { rawHeaders: readonly string[]; status: number } | null = null;
      const handler = {
        onResponseStarted() {},
        onResponseStart(_control: HopControl, status: number, _text: string, rawHeaders: readonly string[]) {
          seen = { rawHeaders, status };
        },
        onResponseData() {},
      } as unknown as HopHandler;
      reader.expect(method);
      const failure = reader.read(Buffer.from(text, 'latin1'), false, handler, {} as HopControl);
      return { ...seen!, failure, whole: reader.whole, keepAlive: reader.keepAlive, memory: reader.memory };
    });
  }
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

  it('is one for the same bytes', () => {
    const [first, second] = readAll([
      ['GET', ok],
      ['GET', ok.replace('ok', 'no')],
    ]);
    expect(second!.memory).not.toBeNull();
    expect(second!.memory).toBe(first!.memory);
    expect(second).toMatchObject({ status: 200, whole: true, keepAlive: true, failure: null });
  });

  it('reads the answer to HEAD as one without a body', () => {
    const bare = ok.slice(0, -2);
    const [first, second, third] = readAll([
      ['GET', ok],
      ['HEAD', bare],
      ['GET', bare],
    ]);
    expect([first!.whole, second!.whole, third!.whole]).toEqual([true, true, false]);
  });

  it.each([
    ['another value', ok.replace('OK\r\n', 'OK\r\nA: b\r\n'), ok.replace('OK\r\n', 'OK\r\nA: c\r\n')],
    ['another status', ok, ok.replace('200', '201')],
    ['a connection that ends', ok, ok.replace('OK\r\n', 'OK\r\nConnection: close\r\n')],
  ])('is another for %s', (_name, one, other) => {
    const [first, second] = readAll([
      ['GET', one],
      ['GET', other],
    ]);
    const [alone] = readAll([['GET', other]]);
    expect(second!.memory).not.toBe(first!.memory);
    expect({ ...second, memory: null }).toEqual({ ...alone, memory: null });
  });

  it('is none for a cookie, nor for a head that is no HTTP', () => {
    const cookie = ok.replace('OK\r\n', 'OK\r\nSet-Cookie: a=b\r\n');
    const odd = ok.replace('OK\r\n', 'OK\r\nA : b\r\n');
    expect(
      readAll([
        ['GET', cookie],
        ['GET', cookie],
      ]).map(({ memory }) => memory),
    ).toEqual([null, null]);
    expect(
      readAll([
        ['GET', ok],
        ['GET', odd],
        ['GET', odd],
      ]).map(({ failure }) => failure),
    ).toEqual([null, 'answer_invalid', 'answer_invalid']);
  });
});
