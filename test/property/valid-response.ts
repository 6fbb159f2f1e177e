/**
 * What a client must receive of the bytes that a service sends before it ends the connection, by the grammar of RFC 9112 and the limits
 * that the gateway states. Written apart from the gateway's reader, as one expression per rule.
 */

export interface ValidResponse {
  readonly status: number;
  readonly body: string;
}

const head =
  /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t -~\x80-\xff]*)?\r\n((?:[!#$%&'*+\-.^_`|~\w]+:[\t -~\x80-\xff]*\r\n)*)\r\n/;
const chunk = /^([\da-f]{1,12})(?:;[\w=]+)*\r\n/i;
const trailers = /^(?:[!#$%&'*+\-.^_`|~\w]+:[\t -~\x80-\xff]*\r\n)*\r\n/;

/** The final response to a request of this method; null: the bytes do not begin with a whole one. */
export function validResponse(bytes: string, method: string): ValidResponse | null {
  const matched = head.exec(bytes);
  if (matched === null) return null;
  const [whole, minor, code, lines] = matched;
  const status = Number(code);
  const rest = bytes.slice(whole.length);
  const lengths = valuesOf(lines!, 'content-length');
  const codings = valuesOf(lines!, 'transfer-encoding');
  const chunked = codings.length === 1;
  if (lengths.length + codings.length > 1 || (chunked && minor === '0')) return null;
  if (!lengths.every((value) => /^\d{1,15}$/.test(value)) || !codings.every((value) => /^chunked$/i.test(value)))
    return null;
  // A protocol that the client did not request.
  if (status === 101) return null;
  if (status < 200) return validResponse(rest, method);
  if (method === 'HEAD' || status === 204 || status === 304) return { status, body: '' };
  const body = chunked ? chunksOf(rest) : partOf(rest, Number(lengths[0] ?? rest.length));
  return body === null ? null : { status, body };
}

function valuesOf(lines: string, name: string): string[] {
  return [...lines.matchAll(new RegExp(`^${name}:[\\t ]*(.*?)[\\t ]*\\r\\n`, 'gim'))].map(([, value]) => value!);
}

function partOf(rest: string, length: number): string | null {
  return rest.length < length ? null : rest.slice(0, length);
}

function chunksOf(rest: string): string | null {
  const matched = chunk.exec(rest);
  if (matched === null) return null;
  const size = Number.parseInt(matched[1]!, 16);
  const after = rest.slice(matched[0].length);
  if (size === 0) return trailers.test(after) ? '' : null;
  if (after.slice(size, size + 2) !== '\r\n') return null;
  const more = chunksOf(after.slice(size + 2));
  return more === null ? null : after.slice(0, size) + more;
}
