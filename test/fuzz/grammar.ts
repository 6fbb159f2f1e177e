/**
 * The grammar of the fuzz: requests of RFC 9112 with every oddity of the attack tables as an alternative of its place.
 * A well-formed case is one to three valid requests whose answers are known; any other case may be anything.
 */
import { guardedHost } from '../security/support/sloppy-service.ts';
import type { Random } from './random.ts';
import {
  credentials,
  hosts,
  lineEnds,
  methods,
  odd,
  oddMethods,
  ordinary,
  pieces,
  prefixes,
  sizes,
  special,
  tricks,
  versions,
} from './words.ts';

export interface FuzzCase {
  readonly index: number;
  readonly bytes: Buffer;
  /** Where the bytes are cut into writes of their own. */
  readonly cuts: readonly number[];
  /** Methods of the requests, when all of them are valid and are answered; null: nobody knows. */
  readonly wellFormed: readonly string[] | null;
  /** Whether an answer before the end may be the last one, as a request asks for it or for an upgrade that is not taken. */
  readonly mayEnd: boolean;
}

/** Names a request in its target, so that an answer can be told to belong to it. */
export function marker(index: number, request: number, kind: 'm' | 'h' = 'm'): string {
  const text = `${kind}${index}x${request}`;
  return `${text}x${checksum(text)}`;
}

/** Markers in a text whose checksum holds. */
export function markersIn(text: string): { kind: string; index: number; request: number }[] {
  return [...text.matchAll(/([mh])(\d+)x(\d+)x(\d+)/g)]
    .filter(([, kind, index, request, sum]) => Number(sum) === checksum(`${kind}${index}x${request}`))
    .map(([, kind = '', index, request]) => ({ kind, index: Number(index), request: Number(request) }));
}

function checksum(text: string): number {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) % 9973;
  return sum;
}

export function makeCase(index: number, random: Random): FuzzCase {
  const count = 1 + random.below(3);
  const wellFormed = random.chance(0.3);
  const made = Array.from({ length: count }, (_, request) =>
    wellFormed ? validRequest(index, request, random) : anyRequest(index, request, random),
  );
  let text = made.map(({ bytes }) => bytes).join('');
  if (!wellFormed && random.chance(0.5)) text = damage(text, random);
  const cuts = random.chance(0.3)
    ? Array.from({ length: 1 + random.below(4) }, () => random.below(text.length + 1))
    : [];
  return {
    index,
    bytes: Buffer.from(text, 'latin1'),
    cuts: cuts.sort((a, b) => a - b),
    mayEnd: special.some((header) => text.includes(`\r\n${header}\r\n`)),
    wellFormed: wellFormed ? made.map(({ method }) => method) : null,
  };
}

/** The last request on a connection: nothing but its own answer may answer it. */
export function sentinelRequest(index: number): string {
  return `GET /a/${marker(index, 99)} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
}

function validRequest(index: number, request: number, random: Random) {
  const method = random.pick(['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS']);
  const headers = ['Host: a.test', ...Array.from({ length: random.below(4) }, () => random.pick(ordinary))];
  if (random.chance(0.1)) headers.push(random.pick(special));
  const hidden = `GET /a/${marker(index, request, 'h')} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
  const body = random.pick(['', 'hello', hidden, `0\r\n\r\n${hidden}`, hidden.repeat(20)]);
  const target = `${random.pick(['/a', '/b'])}/${marker(index, request)}${random.pick(['', '', '/x', '?q=1', '/%41'])}`;
  const framing = random.below(3);
  const head = (more: readonly string[]) => [`${method} ${target} HTTP/1.1`, ...headers, ...more, '', ''].join('\r\n');
  if (framing === 0) return { method, bytes: head([]) };
  if (framing === 1) return { method, bytes: head([`Content-Length: ${body.length}`]) + body };
  return { method, bytes: head(['Transfer-Encoding: chunked']) + chunks(body, random) };
}

function chunks(body: string, random: Random): string {
  let text = '';
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + random.below(40));
    text += `${size.toString(16)}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${text}0\r\n\r\n`;
}

function anyRequest(index: number, request: number, random: Random) {
  const end = () => (random.chance(0.85) ? '\r\n' : random.pick(lineEnds));
  const method = random.chance(0.8) ? random.pick(methods) : random.pick(oddMethods);
  let target = `${random.pick(prefixes)}/${marker(index, request)}`;
  for (let i = random.below(4); i > 0; i -= 1) {
    const at = random.below(target.length + 1);
    target = target.slice(0, at) + random.pick(tricks) + target.slice(at);
  }
  if (random.chance(0.05))
    target = `${random.pick(['http://a.test', `http://${guardedHost}`, 'HTTP://A.TEST:80', 'http://', 'x:'])}${target}`;
  const headers = [`Host: ${random.chance(0.8) ? 'a.test' : random.pick(hosts)}`];
  for (let i = random.below(5); i > 0; i -= 1) headers.push(random.pick(random.chance(0.3) ? ordinary : odd));
  if (random.chance(0.4)) headers.push(random.pick(credentials));
  const hidden = `GET ${random.pick(['/a', '/admin', '/private'])}/${marker(index, request, 'h')} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
  let body = random.pick(['', '', 'hello', hidden, `0\r\n\r\n${hidden}`]);
  const framing = random.below(5);
  if (framing === 1 || framing === 3)
    headers.push(`Content-Length: ${body.length + (random.chance(0.1) ? random.below(9) - 4 : 0)}`);
  if (framing === 2 || framing === 3) {
    headers.push('Transfer-Encoding: chunked');
    if (framing === 2 || random.chance(0.5))
      body = random.chance(0.7)
        ? chunks(body, random)
        : `${random.pick(sizes)}\r\nhello\r\n0\r\n${random.pick(['', 'User-Id: root\r\n', 'X: y\r\n'])}\r\n`;
  }
  for (let i = headers.length - 1; i > 0; i -= 1) {
    const other = random.below(i + 1);
    [headers[i], headers[other]] = [headers[other] ?? '', headers[i] ?? ''];
  }
  const version = random.chance(0.9) ? 'HTTP/1.1' : random.pick(versions);
  const separator = random.chance(0.97) ? ' ' : random.pick(['  ', '\t', '\x0b', '']);
  const lines = [`${method}${separator}${target} ${version}`, ...headers].map((line) => line + end());
  return { method, bytes: `${lines.join('')}${end()}${body}` };
}

/** Changes single bytes, copies or removes stretches, or cuts the end off. */
function damage(text: string, random: Random): string {
  let damaged = text;
  for (let i = 1 + random.below(4); i > 0; i -= 1) {
    const at = random.below(damaged.length + 1);
    const length = random.below(12);
    switch (random.below(5)) {
      case 0:
        damaged = damaged.slice(0, at) + random.pick(pieces) + damaged.slice(at);
        break;
      case 1:
        damaged = damaged.slice(0, at) + damaged.slice(at + length);
        break;
      case 2:
        damaged = damaged.slice(0, at) + String.fromCharCode(random.below(256)) + damaged.slice(at + 1);
        break;
      case 3:
        damaged = damaged.slice(0, at) + damaged.slice(at, at + length * 8) + damaged.slice(at);
        break;
      default:
        if (random.chance(0.3)) damaged = damaged.slice(0, at);
    }
  }
  return damaged;
}
