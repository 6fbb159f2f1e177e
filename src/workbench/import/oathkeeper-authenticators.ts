/** Authenticators of a rule: Oathkeeper asks one after the other until one feels responsible. */
import { alternativesOf } from './access-alternatives.ts';
import type { ImportedAccess } from './imported-rule.ts';
import { child, entriesOf, textOf, textsOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

/** Handlers that demand a credential; who is behind it is for the Auth API to say from now on. */
const demanding: ReadonlySet<string> = new Set([
  'oauth2_introspection',
  'oauth2_client_credentials',
  'jwt',
  'bearer_token',
  'cookie_session',
]);
/** What else a handler is told to check of a token. */
const tokenChecks = ['target_audience', 'trusted_issuers', 'allowed_algorithms'];

export function readAuthenticators(
  list: readonly SourceNode[],
  tell: (why: string, at?: SourceNode) => void,
): ImportedAccess | { readonly refused: string } {
  if (list.length === 0) return { refused: 'it has no authenticators' };
  const scopes: (readonly string[])[] = [];
  let open = false;
  for (const one of list) {
    const handler = textOf(child(one, 'handler'));
    if (handler === 'noop' || handler === 'anonymous') {
      // Whoever comes after it is never asked, or only asked to be known.
      if (scopes.length === 0 && handler === 'noop') return 'public';
      open = true;
      if (handler === 'noop') break;
    } else if (handler === 'unauthorized') {
      if (scopes.length === 0 && !open) return 'deny';
      break;
    } else if (handler === null || !demanding.has(handler)) {
      return { refused: `its authenticator "${handler ?? 'without handler'}" is not known` };
    } else {
      const required = child(one, 'config', 'required_scope');
      const names = required === undefined ? [] : textsOf(required);
      if (names === null) return { refused: '"required_scope" is no list of names' };
      scopes.push(names);
      for (const [key] of entriesOf(child(one, 'config'))) {
        if (tokenChecks.includes(key)) tell(`"${key}" of ${handler}: the Auth API decides which tokens are good`, one);
      }
    }
  }
  if (open) {
    if (scopes.length === 0) return 'public';
    if (scopes.some((names) => names.length > 0)) tell('scopes of an optional credential are not asked for');
    return 'optional';
  }
  const { access, loss } = alternativesOf(scopes);
  if (loss !== null) tell(loss);
  return access;
}
