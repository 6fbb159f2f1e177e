/** Requests that several benchmarks send. Credentials are as long as real ones. */
import type { LoadJob } from './load.ts';

export const goodBearer = 'b'.repeat(64);
/** `{n}`: a twelve-digit number, so there are many bearers. */
export const manyBearers = `${'b'.repeat(52)}{n}`;
/** The Auth API of the benchmarks refuses it. */
export const badBearer = 'x'.repeat(64);

const headers =
  'Host: api.example.test\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n';

/** `more`: header lines, each with its CR LF. */
export function get(path: string, more = ''): string {
  return `GET ${path} HTTP/1.1\r\n${headers}${more}\r\n`;
}

export function withBearer(bearer: string): string {
  return `Authorization: Bearer ${bearer}\r\n`;
}

const trace = 'traceparent: 00-{t}-00f067aa0ba902b7-01\r\n';
const json = `{"note":"${'a'.repeat(288)}"}`;
const post = `POST /private/items HTTP/1.1\r\n${headers}${withBearer(manyBearers)}${trace}Content-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`;

type Sent = Pick<LoadJob, 'request' | 'numbers' | 'other'>;

/** 200 identities over shared connections, with a different trace id in every request. */
export const distinct: Sent = { request: get('/private/items/7', withBearer(manyBearers) + trace), numbers: 200 };

/** The same with one POST in ten: typical traffic of a load balancer. */
export const mixed: Sent = { ...distinct, other: { request: post, every: 10 } };
