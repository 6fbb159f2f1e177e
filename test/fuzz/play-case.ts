/** Plays one case on a connection of its own and reads the answers. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { readAnswer } from '../support/http-response.ts';
import { type FuzzCase, markersIn, sentinelRequest } from './grammar.ts';

export interface Played {
  readonly statuses: readonly number[];
  /** Why the answers cannot be right; null: nothing is wrong with them. */
  readonly problem: string | null;
  /** Whether the last request got its answer, or an answer before said that it is the last. */
  readonly finished: boolean;
}

/** Longest silence that is waited for: a gateway that waits for the rest of a request says nothing. */
const quietMs = 60;
const patienceMs = 10_000;

export async function playCase(port: number, fuzzed: FuzzCase): Promise<Played> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let reset = false;
  socket.on('error', () => {
    reset = true;
  });
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  let received = Buffer.alloc(0);
  let closed = false;
  let lastData = performance.now();
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    lastData = performance.now();
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  let at = 0;
  for (const cut of [...fuzzed.cuts, fuzzed.bytes.length]) {
    socket.write(fuzzed.bytes.subarray(at, cut));
    at = cut;
    if (cut !== fuzzed.bytes.length) await setTimeout(0);
  }
  socket.write(sentinelRequest(fuzzed.index));
  lastData = performance.now();
  const limitMs = fuzzed.wellFormed === null ? quietMs : patienceMs;
  let played = judge(received, closed, fuzzed, reset);
  while (!closed && played.problem === null && !played.finished && performance.now() - lastData < limitMs) {
    const waking = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await Promise.race([waking, setTimeout(limitMs / 4)]);
    played = judge(received, closed, fuzzed, reset);
  }
  socket.destroy();
  return played;
}

function judge(received: Buffer, closed: boolean, fuzzed: FuzzCase, reset: boolean): Played {
  const { index, wellFormed } = fuzzed;
  const statuses: number[] = [];
  let rest = received;
  let previous = -1;
  let sentinel = false;
  let last = false;
  const result = (problem: string | null): Played => ({ statuses, problem, finished: sentinel || last });
  // Without a method for each answer, those to HEAD look cut; answers of a case that is not well-formed tell themselves.
  const methods = [...(wellFormed ?? [])];
  for (;;) {
    if ((sentinel || last) && rest.length > 0) return result('there is more behind the last answer');
    if (rest.length === 0) break;
    let read: ReturnType<typeof readAnswer>;
    try {
      read = readAnswer(rest, methods[statuses.length] ?? methodOf(rest), closed);
    } catch (error) {
      return result(`no answer of HTTP: ${String(error)}`);
    }
    if (read === null || (!read.answer.complete && !closed)) break;
    rest = rest.subarray(read.length);
    const { answer } = read;
    if (answer.status === 100) continue;
    statuses.push(answer.status);
    last = answer.header('connection')?.toLowerCase() === 'close';
    if (answer.status === 101) break;
    if (answer.status >= 500 && answer.status !== 501 && answer.status !== 505)
      return result(`status ${answer.status}`);
    if (answer.status >= 400 && (answer.header('x-error') === undefined || answer.header('x-error-id') === undefined))
      return result(`status ${answer.status} without x-error and x-error-id`);
    const body = answer.text();
    for (const found of markersIn(body)) {
      if (found.index !== index) return result(`the answer belongs to case ${found.index}`);
      if (found.kind === 'h' && wellFormed !== null && body.startsWith('served'))
        return result('a body was served as a request');
      if (found.kind === 'm' && found.request < previous) return result('answers are out of order');
      if (found.kind === 'm') previous = found.request;
      if (found.request === 99) sentinel = true;
    }
  }
  if (wellFormed === null) return result(null);
  if (closed && !sentinel && !last) {
    // Bytes that come after a connection was closed make it be reset, and that can overtake its last answer.
    if (reset && fuzzed.mayEnd) return { statuses, problem: null, finished: true };
    return result('a well-formed case lost its connection');
  }
  if (sentinel && statuses.length !== wellFormed.length + 1)
    return result(`${statuses.length} answers to ${wellFormed.length + 1} requests`);
  if (statuses.some((status) => status !== 200)) return result('a well-formed request was refused');
  return result(null);
}

/** The services of the fuzz leave the body of an answer to HEAD empty, and say so. */
function methodOf(rest: Buffer): string {
  return rest.indexOf('\r\n\r\nHTTP/1.1 ') === -1
    ? 'GET'
    : rest.indexOf('\r\n\r\nHTTP/1.1 ') === rest.indexOf('\r\n\r\n')
      ? 'HEAD'
      : 'GET';
}
