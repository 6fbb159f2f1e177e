/** Requests that several benchmarks send. Credentials are as long as real ones. */
import type { LoadJob, Sample } from './load.ts';

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

function post(path: string, more: string): string {
  return `POST ${path} HTTP/1.1\r\n${headers}${more}Content-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`;
}

/** The first request of a job: with a number in each place. */
export function first(request: string): string {
  return request.replaceAll(/\{[nr]\}/g, '0'.repeat(12)).replaceAll('{t}', `${'0'.repeat(31)}1`);
}

type Sent = Pick<LoadJob, 'request' | 'numbers' | 'routes' | 'cycle'>;

/** 200 identities over shared connections, with a different trace id in every request. */
export const distinct: Sent = { request: get('/private/items/7', withBearer(manyBearers) + trace), numbers: 200 };

/** Header lines of clients. `user` is refused at `/admin` with this status; null: the product has no rules for roles. */
export interface Clients {
  readonly user: string;
  readonly admin: string;
  readonly unknown: string;
  readonly userAtAdmin: 403 | null;
}

const clients: Clients = {
  user: withBearer(manyBearers),
  admin: withBearer(`${'a'.repeat(52)}{n}`),
  unknown: withBearer(`${'x'.repeat(52)}{n}`),
  userAtAdmin: 403,
};

/**
 * Typical traffic of a load balancer: a different trace id in every request, three routes with 20 paths each, one POST in ten. Of 40
 * requests one has an unknown credential, and one is a user's to a route of administrators.
 */
export function mixOf({ user, admin, unknown, userAtAdmin }: Clients): Sent {
  const at = (index: number): Sample => {
    if (index === 7) return { request: get('/private/items/{r}', unknown + trace), status: 401 };
    if (index === 27) {
      return userAtAdmin === null
        ? { request: get('/private/items/{r}', unknown + trace), status: 401 }
        : { request: get('/admin/items/{r}', user + trace), status: userAtAdmin };
    }
    if (index % 10 === 3) return { request: post('/private/items', user + trace), status: 200 };
    if (index % 10 === 5) return { request: get('/public/items/{r}', user + trace), status: 200 };
    if (index % 10 === 9) return { request: get('/admin/items/{r}', admin + trace), status: 200 };
    return { request: get('/private/items/{r}', user + trace), status: 200 };
  };
  const cycle = Array.from({ length: 40 }, (_, index) => at(index));
  return { request: cycle[0]!.request, numbers: 200, routes: 20, cycle };
}

export const mixed = mixOf(clients);

/** The same for a relay, which refuses nothing. */
export const relayed: Sent = { ...mixed, cycle: mixed.cycle!.filter(({ status }) => status === 200) };
