/** Header names that a configuration cannot redefine, in canonical form; and the headers of a key pair. */
import { canonicalName } from '../../core/syntax/header-fields.ts';
import { forwarded, hopByHop, overrides } from '../../core/syntax/header-names.ts';
import type { Problems } from './refine.ts';

const names = (text: string) => text.split(' ');

/** Headers that Rolegate sends to services or clients. */
const own = names('via x-error x-error-id x-request-id x-rolegate-gateway x-rolegate-stale');

/** These cannot carry a credential or an identity. */
export const takenByHttp: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...overrides,
  ...forwarded,
  ...own,
  ...names('accept accept-encoding authorization content-encoding content-length content-range content-type cookie'),
  ...names('date early-data expect host origin range referer set-cookie user-agent www-authenticate'),
]);

/** Conditions cannot read these. */
export const unreadable: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...overrides,
  ...forwarded,
  ...own,
  ...names('authorization content-length cookie expect host'),
]);

/** Headers for the framing and meaning of a response body, and those that Rolegate sets. */
export const fixedInResponses: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...own,
  ...names('allow content-encoding content-length content-range content-type date set-cookie www-authenticate'),
]);

/** These may be removed, but not set. */
export const removable: ReadonlySet<string> = new Set(['date', 'set-cookie', 'x-request-id']);

/** A rule for the headers of a key pair, both from clients and to the Auth API: two different ones without another meaning. */
export function keyHeaders(...keys: readonly [key: string, secret: string]) {
  return (parts: object, { at }: Problems): void => {
    const [key, secret] = keys.map((name) => {
      const header: unknown = (parts as Readonly<Record<string, unknown>>)[name];
      if (typeof header !== 'string') return null;
      if (takenByHttp.has(canonicalName(header))) {
        at([name], 'this header has another meaning in HTTP', 'choose one such as "api-key"');
      }
      return canonicalName(header);
    });
    if (key !== null && key === secret) at([keys[1]], 'key and secret need two different headers');
  };
}
