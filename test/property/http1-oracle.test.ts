/**
 * Our parser of HTTP/1 against an oracle, Node's strict parser: both get the same bytes, split at random. A message
 * that we accept is the same for the oracle, with the same remaining bytes, and what it accepts we accept, except for
 * the differences listed in `http1-differences.ts`.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Difference, type Parting, requestDifferences, responseDifferences } from './http1-differences.ts';
import { cutAt, cuts, requestBytes, responseBytes, sentinelRequest } from './http1-messages.ts';
import { type Reading, readRequests, readRequestsByNode, readResponse, readResponseByNode } from './http1-readers.ts';
import { atLeast, patienceMs, runs } from './support.ts';

interface Comparison {
  /** Messages that both parsed completely, with equal results. */
  readonly alike: number;
  /** Neither parser accepted all bytes. */
  readonly refused: boolean;
  /** Number of the message at which they disagree. */
  readonly partAt: number | null;
  readonly accepts: Parting['accepts'];
}

function compare(ours: Reading, node: Reading): Comparison {
  const refused = ours.end !== 'open' && node.end !== 'open';
  const part = (at: number, accepts: Parting['accepts']) => ({ alike: at, refused, partAt: at, accepts });
  for (let i = 0; ; i += 1) {
    const a = ours.messages[i];
    const b = node.messages[i];
    if (a === undefined && b === undefined) return { alike: i, refused, partAt: null, accepts: 'ours' };
    if (a === undefined) return part(i, 'node');
    if (b === undefined || a.start !== b.start || a.rawHeaders.join('\n') !== b.rawHeaders.join('\n')) {
      return part(i, 'ours');
    }
    // For Node, the bytes after CONNECT are not HTTP (RFC 9110 section 9.3.6); we parse a body, and then nothing.
    if (a.start.startsWith('CONNECT ')) return { alike: i, refused, partAt: null, accepts: 'ours' };
    if (a.whole !== b.whole) return part(i, a.whole ? 'ours' : 'node');
    if (!a.whole) return { alike: i, refused, partAt: null, accepts: 'ours' };
    if (a.body !== b.body) return part(i, 'ours');
  }
}

/** Null: they agree. `wholeAt`: where the messages that both parsed end, by the oracle. */
function partingOf(text: string, ours: Reading, node: Reading, { partAt, accepts }: Comparison, wholeAt: number[]) {
  if (partAt === null) return null;
  const start = partAt === 0 ? 0 : wholeAt[partAt - 1]!;
  const before = text.slice(wholeAt[partAt - 2] ?? 0, start);
  return { accepts, before, rest: text.slice(start), end: accepts === 'node' ? ours.end : node.end };
}

async function requestParting(text: string, parts: readonly string[], late: boolean) {
  const [ours, node] = [await readRequests(parts, { late }), await readRequestsByNode(parts)];
  const comparison = compare(ours, node);
  const { wholeAt } = comparison.partAt === null ? node : await readRequestsByNode([...text]);
  return { ours, comparison, parting: partingOf(text, ours, node, comparison, wholeAt) };
}

async function responseParting(text: string, parts: readonly string[], method: string) {
  const [ours, node] = [await readResponse(parts, method), await readResponseByNode(parts, method)];
  const comparison = compare(ours, node);
  return { ours, comparison, parting: partingOf(text, ours, node, comparison, [0]) };
}

type Differences = Readonly<Record<Parting['accepts'], readonly Difference[]>>;
const explanation = (differences: Differences, parting: Parting) =>
  differences[parting.accepts].find(({ explains }) => explains(parting));

describe('requests', () => {
  test('are parsed as Node parses them', { timeout: patienceMs }, async () => {
    const seen = { messages: 0, onward: 0, refused: 0, node: 0, ours: 0 };
    const property = fc.asyncProperty(requestBytes, cuts, fc.boolean(), async (text, shares, late) => {
      const { ours, comparison, parting } = await requestParting(text, cutAt(text, shares), late);
      seen.messages += comparison.alike;
      if (comparison.refused) seen.refused += 1;
      if (ours.messages.at(-1)?.start === 'GET /sentinel 1.1') seen.onward += 1;
      if (parting === null) return;
      seen[parting.accepts] += 1;
      if (explanation(requestDifferences, parting) === undefined) expect.fail(JSON.stringify(parting));
    });
    await fc.assert(property, runs(requestRuns));
    const share = (of: number) => of / runs(requestRuns).numRuns;
    expect(share(seen.messages)).toBeGreaterThan(0.7);
    expect(share(seen.onward)).toBeGreaterThan(0.25);
    expect(share(seen.refused)).toBeGreaterThan(0.15);
    expect(Math.min(seen.node, seen.ours)).toBeGreaterThan(atLeast(100));
  });

  test('are the same however their bytes are split', { timeout: patienceMs }, async () => {
    const property = fc.asyncProperty(requestBytes, cuts, async (text, shares) => {
      const once = outcome(await readRequests([text], { late: false }));
      expect(outcome(await readRequests([...text], { late: false }))).toEqual(once);
      expect(outcome(await readRequests(cutAt(text, shares), { late: true }))).toEqual(once);
    });
    await fc.assert(property, runs(3_000));
  });

  test('are the same at each single split', { timeout: patienceMs }, async () => {
    const text = `\r\nPOST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a="b"\r\nabc\r\n0\r\nX: y\r\n\r\n${sentinelRequest}`;
    const once = outcome(await readRequests([text], { late: false }));
    expect(once.messages).toHaveLength(2);
    for (let at = 1; at < text.length; at += 1) {
      expect(outcome(await readRequests([text.slice(0, at), text.slice(at)], { late: true }))).toEqual(once);
    }
  });
});

describe('responses', () => {
  const methods = fc.constantFrom('GET', 'GET', 'GET', 'HEAD');

  test('are parsed as Node parses them', { timeout: patienceMs }, async () => {
    const seen = { whole: 0, refused: 0, node: 0, ours: 0 };
    const property = fc.asyncProperty(responseBytes, cuts, methods, async (text, shares, method) => {
      const { ours, comparison, parting } = await responseParting(text, cutAt(text, shares), method);
      if (parting !== null) {
        seen[parting.accepts] += 1;
        if (explanation(responseDifferences, parting) === undefined)
          expect.fail(JSON.stringify({ method, ...parting }));
        return;
      }
      if (comparison.alike === 0) seen.refused += 1;
      else seen.whole += 1;
      expect(ours.messages.length).toBeLessThan(2);
    });
    await fc.assert(property, runs(responseRuns));
    const share = (of: number) => of / runs(responseRuns).numRuns;
    expect(share(seen.whole)).toBeGreaterThan(0.3);
    expect(share(seen.refused)).toBeGreaterThan(0.15);
    expect(Math.min(seen.node, 4 * seen.ours)).toBeGreaterThan(atLeast(100));
  });

  test('end at the same byte, and are the same however they are split', { timeout: patienceMs }, async () => {
    let ended = 0;
    const property = fc.asyncProperty(responseBytes, cuts, methods, async (text, shares, method) => {
      const ours = await readResponse([...text], method);
      expect(outcome(await readResponse([text], method))).toEqual(outcome(ours));
      expect(outcome(await readResponse(cutAt(text, shares), method))).toEqual(outcome(ours));
      const node = await readResponseByNode([...text], method);
      if (compare(ours, node).partAt !== null || ours.wholeAt.length === 0) return;
      ended += 1;
      expect(ours.wholeAt).toEqual(node.wholeAt);
    });
    await fc.assert(property, runs(3_000));
    expect(ended).toBeGreaterThan(atLeast(600));
  });
});

const requestRuns = 12_000;
const responseRuns = 20_000;

/** What was parsed before a fault may depend on the split; complete messages and the reason of the end may not. */
function outcome({ messages, end }: Reading) {
  return { messages: messages.map((message) => (message.whole ? message : { ...message, body: '' })), end };
}

describe.each(['node', 'ours'] as const)('only %s accepts', (accepts) => {
  test.each(requestDifferences[accepts])('$name, in a request', async ({ example, explains }) => {
    const { parting } = await requestParting(example + sentinelRequest, [example + sentinelRequest], false);
    expect(parting).toMatchObject({ accepts });
    expect(explains(parting!)).toBe(true);
  });

  test.each(responseDifferences[accepts])('$name, in a response', async ({ example, explains }) => {
    const { parting } = await responseParting(example, [example], 'GET');
    expect(parting).toMatchObject({ accepts });
    expect(explains(parting!)).toBe(true);
  });
});
