/** `security` of an operation: alternatives, each of schemes that are all needed, with scopes that are roles here. */
import { alternativesOf } from './access-alternatives.ts';
import type { ConditionEntry } from './condition-entry.ts';
import type { ImportedAccess } from './imported-rule.ts';
import { entriesOf, isMapping, listOf, textsOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

/** How a scheme's credential comes: as a bearer, as a key in a header, or in a way that is not read here. */
export type Scheme = 'bearer' | 'key' | 'other';

export interface Demand {
  readonly access: ImportedAccess;
  readonly when: readonly ConditionEntry[];
  readonly remark: string | null;
}

type Tell = (why: string, at?: SourceNode) => void;

/** `node`: of the operation, or else of the document. */
export function readSecurity(node: SourceNode | undefined, schemes: ReadonlyMap<string, Scheme>, tell: Tell): Demand {
  const deny = (why: string): Demand => {
    tell(`denied, because ${why}`, node);
    return { access: 'deny', when: [], remark: `denied: ${why}` };
  };
  if (node === undefined) return deny('nothing says who may; "security: []" would say everybody');
  if (!Array.isArray(node.value)) return deny('"security" is no list');
  const alternatives = listOf(node);
  if (alternatives.length === 0) return plain('public');
  const read: { readonly scheme: Scheme; readonly scopes: readonly string[] }[] = [];
  let optional = false;
  for (const alternative of alternatives) {
    if (!isMapping(alternative)) return deny('"security" holds something that is no requirement');
    const needed = entriesOf(alternative);
    if (needed.length === 0) {
      optional = true;
      continue;
    }
    if (needed.length > 1) {
      const names = needed.map(([name]) => name).join(' and ');
      tell(`one of its ways in is left out: ${names} at once`, alternative);
      continue;
    }
    const [name, scopes] = needed[0]!;
    const scheme = schemes.get(name);
    const list = textsOf(scopes);
    if (scheme === undefined || list === null) {
      tell(
        `one of its ways in is left out: ${scheme === undefined ? `there is no security scheme "${name}"` : 'its scopes are no list of names'}`,
        alternative,
      );
      continue;
    }
    read.push({ scheme, scopes: list });
  }
  if (optional) {
    if (read.some(({ scopes }) => scopes.length > 0)) tell('scopes of an optional credential are not asked for', node);
    return plain('optional');
  }
  if (read.length === 0) return deny('none of its ways in can be carried over');
  return exceptKeys(read) ?? joined(read, tell);
}

function plain(access: ImportedAccess): Demand {
  return { access, when: [], remark: null };
}

/** Bearers that need one of some scopes, beside keys that need none: a condition says just that. */
function exceptKeys(read: readonly { readonly scheme: Scheme; readonly scopes: readonly string[] }[]): Demand | null {
  const keys = read.filter(({ scheme }) => scheme === 'key');
  const bearers = read.filter(({ scheme }) => scheme === 'bearer');
  if (keys.length === 0 || bearers.length === 0 || keys.length + bearers.length < read.length) return null;
  if (keys.some(({ scopes }) => scopes.length > 0) || bearers.some(({ scopes }) => scopes.length !== 1)) return null;
  const { access } = alternativesOf(bearers.map(({ scopes }) => scopes));
  if (typeof access === 'string') return null;
  const unless = [...access.any, ...access.all];
  return {
    access: 'authenticated',
    when: [{ identity: 'kind', equals: 'key_pair', unless, reason: 'scope_missing' }],
    remark: null,
  };
}

function joined(read: readonly { readonly scopes: readonly string[] }[], tell: Tell): Demand {
  const { access, loss } = alternativesOf(read.map(({ scopes }) => scopes));
  if (loss !== null) tell(loss);
  return { access, when: [], remark: loss };
}
