/** What a client received directly from a service, and through the gateway: byte for byte, except for listed headers. */

export interface Received {
  readonly status: number;
  /** Empty if the client does not show it. */
  readonly reason: string;
  /** Length and SHA-256. */
  readonly body: string;
  /** `name: value`, in the order and letter case that the client shows. */
  readonly headers: readonly string[];
}

/** What came back, or why nothing did. */
export type Outcome = Received | { readonly error: string };

/** Headers of responses that may differ, with the reason. */
export const responseHeaders: Readonly<Record<string, string>> = {
  date: 'the time of the response; the gateway adds it where a service sends none',
  connection: 'of one connection (RFC 9110 section 7.6.1)',
  'keep-alive': 'of one connection',
  'transfer-encoding': 'of one connection: the framing of the body',
  trailer: 'of one connection; the gateway drops trailers',
  'x-error': 'added to failures of a service',
  'x-error-id': 'added to failures of a service',
};

/** Headers of requests that may arrive differently at a service, with the reason. Samples do not echo them. */
export const requestHeaders: Readonly<Record<string, string>> = {
  host: 'the address that the client used',
  origin: 'the address that the client used',
  referer: 'the address that the client used',
  connection: 'of one connection',
  'keep-alive': 'of one connection',
  te: 'of one connection',
  'transfer-encoding': 'of one connection: the framing of the body',
  'content-length': 'the gateway knows the length of a short chunked body',
  expect: 'the gateway answers it (RFC 9110 section 10.1.1)',
  via: 'added',
  'x-request-id': 'added',
  'x-forwarded-for': 'added',
  'x-forwarded-host': 'added',
  'x-forwarded-proto': 'added',
  'x-real-ip': 'added',
  'user-id': 'the identity',
  groups: 'the identity',
  'api-key': 'credentials are not forwarded',
  'api-secret': 'credentials are not forwarded',
};

/** Null: equal. `origins` are those of the two, which services write into `Location`; `more` are further headers that may differ. */
export function difference(
  direct: Outcome,
  through: Outcome,
  origins: readonly [direct: string, through: string],
  more: readonly string[],
): string | null {
  if ('error' in direct) return `direct: ${direct.error}`;
  if ('error' in through) return `through the gateway: ${through.error}`;
  const listed = new Set([...Object.keys(responseHeaders), ...more]);
  // The gateway counts a body whose length the service does not state, and drops the length of a 204 (RFC 9110 section 8.6).
  const hasLength = direct.headers.some((line) => nameOf(line) === 'content-length');
  if (!hasLength || direct.status === 204) listed.add('content-length');
  const [first, second] = [comparable(direct, origins[0], listed), comparable(through, origins[1], listed)];
  // The body is the last line of both, so one of them never only continues the other.
  const at = first.findIndex((line, index) => line !== second[index]);
  return at === -1 ? null : `${first[at]} -> ${second[at]}`;
}

function comparable(
  { status, reason, body, headers }: Received,
  origin: string,
  listed: ReadonlySet<string>,
): string[] {
  const kept = headers.filter((line) => !listed.has(nameOf(line)));
  return [`${status} ${reason}`, ...kept.map((line) => line.replace(origin, 'http://service')), `body ${body}`];
}

const nameOf = (line: string) => line.slice(0, line.indexOf(':')).toLowerCase();
