/**
 * Envoy's `ext_authz` over gRPC: the original request is in the attributes of the check, with every header of the client. Envoy joins
 * headers of one name by a comma, or lists them as received if `encode_raw_headers` is set.
 */
import { token } from '../../core/syntax/header-fields.ts';
import type { OriginalRequest } from '../dialect.ts';
import { withCredentialsApart } from '../envoy.ts';
import { asksForWebSocket, withoutConnection } from '../read-check.ts';
import { addressOf, original, takeLastAddress } from '../read-fields.ts';
import type { CheckMessage, HeaderMessage } from './messages.ts';

export interface ReadAttributes extends OriginalRequest {
  /** The client opens a WebSocket. Over HTTP/2 it sends no key (RFC 8441 section 5), and Envoy shows the request as a `GET`. */
  readonly upgrades: boolean;
}

/** `waitsMs`: until the deadline of the call. Null: a field of the original request is missing or not valid. */
export function readAttributes(check: CheckMessage, waitsMs: number): ReadAttributes | null {
  const { source, request } = check.attributes ?? {};
  const http = request?.http ?? null;
  if (http === null || http.method === '' || http.path === '') return null;
  const raw = http.headerMap?.headers ?? [];
  if (raw.length > 0 && http.headers.length > 0) return null;
  const peer = addressOf(source?.address?.socketAddress?.address ?? null);
  const headers = headersOf(raw.length > 0 ? raw : http.headers);
  if (headers === null) return null;
  const upgrades = asksForWebSocket(headers);
  const rawHeaders = withoutConnection(headers);
  // Envoy has added the address that it states as the source.
  const forwarded = takeLastAddress(rawHeaders);
  const rest = forwarded.peer !== null && forwarded.peer === peer ? forwarded.rest : rawHeaders;
  const read = original(http.method, bytesOf(http.path), bytesOf(http.host), withCredentialsApart(rest), peer, waitsMs);
  return read === null ? null : { ...read, upgrades };
}

/** Control characters, which no header contains (RFC 9110 section 5.5). */
const control = /[\0-\x08\n-\x1f\x7f]/;

/** Without pseudo-headers, which the attributes already contain. Null: not headers of HTTP. */
function headersOf(headers: readonly HeaderMessage[]): string[] | null {
  const rawHeaders: string[] = [];
  for (const { key, value = '', rawValue } of headers) {
    if (key.startsWith(':')) continue;
    const isRaw = rawValue !== undefined && rawValue.length > 0;
    const bytes = isRaw ? Buffer.from(rawValue).toString('latin1') : bytesOf(value);
    if (!token.test(key) || control.test(bytes)) return null;
    rawHeaders.push(key, bytes);
  }
  return rawHeaders;
}

const beyondAscii = /[^\x00-\x7f]/;

/** Bytes as Latin-1, as heads are read. */
function bytesOf(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text).toString('latin1') : text;
}
