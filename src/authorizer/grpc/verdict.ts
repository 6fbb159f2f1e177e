/**
 * The verdicts of `ext_authz` over gRPC. A refusal is a regular response of the call: a failed call and `error_response` obey
 * `failure_mode_allow`, which would allow the request.
 */
import type { RequestContext } from '../../request-line/request-context.ts';
import type { ManagedHeader } from '../dialect.ts';
import { mutationsOf } from '../envoy.ts';
import type { HeaderMessage, HeaderOption, MetadataValue, VerdictMessage } from './messages.ts';

/** The `dynamic_metadata` of a check, under `envoy.filters.http.ext_authz`. */
export type Decided = Pick<RequestContext, 'decision' | 'reason' | 'errorId'>;

/** Codes of `google.rpc.Status`. */
const ok = 0;
const permissionDenied = 7;
const unavailable = 14;
const unauthenticated = 16;

/** Of `HeaderValueOption`. */
const appendIfExistsOrAdd = 0;
const overwriteIfExistsOrAdd = 2;

export function allowed(managed: readonly ManagedHeader[], decided: Decided): VerdictMessage {
  const { set, removed } = mutationsOf(managed);
  return {
    status: { code: ok },
    okResponse: { headers: set.map(([name, value]) => option(name, value, false)), headersToRemove: removed },
    dynamicMetadata: metadataOf(decided),
  };
}

/** `headers`: of the refusal, alternating names and values. */
export function denied(status: number, headers: readonly string[], body: string, decided: Decided): VerdictMessage {
  const code = status === 401 ? unauthenticated : status >= 500 ? unavailable : permissionDenied;
  const options: HeaderOption[] = [];
  const names = new Set<string>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    // The proxy frames its own response.
    if (name === 'content-length' || name === 'connection') continue;
    options.push(option(name, headers[i + 1]!, names.has(name)));
    names.add(name);
  }
  return {
    status: { code },
    deniedResponse: { status: { code: status }, headers: options, body },
    dynamicMetadata: metadataOf(decided),
  };
}

/**
 * `append`: adds to a header of the same name, otherwise replaces it. To replace is expressed in both ways, because products read one or the
 * other. To add is the meaning of both if they are absent; with the older one present, Envoy keeps only the last value.
 */
function option(name: string, value: string, append: boolean): HeaderOption {
  return {
    header: headerOf(name, value),
    ...(append ? {} : { append: { value: false } }),
    appendAction: append ? appendIfExistsOrAdd : overwriteIfExistsOrAdd,
    // Otherwise an empty value may be dropped, and the client's header kept.
    keepEmptyValue: true,
  };
}

const beyondAscii = /[^\x00-\x7f]/;

/** `value` is Latin-1 bytes; text of a message is UTF-8. */
function headerOf(key: string, value: string): HeaderMessage {
  if (!beyondAscii.test(value)) return { key, value };
  const bytes = Buffer.from(value, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? { key, value: text } : { key, rawValue: bytes };
}

function metadataOf({ decision, reason, errorId }: Decided): VerdictMessage['dynamicMetadata'] {
  const fields: Record<string, MetadataValue> = {};
  const { route, identity } = decision ?? { route: null, identity: null };
  if (route !== null) fields['route'] = { stringValue: route.id };
  if (identity !== null) {
    fields['user_id'] = { stringValue: identity.userId };
    fields['identity_source'] = { stringValue: identity.source };
    fields['roles'] = { listValue: { values: identity.roles.map((role) => ({ stringValue: role })) } };
  }
  if (reason !== null) fields['reason'] = { stringValue: reason };
  if (errorId !== null) fields['error_id'] = { stringValue: errorId };
  return { fields };
}
