/** Claims of generated identities: which values are worth trying, and how chosen ones become claims. */
import { type Claims, type ClaimType, claimOfText } from '../../core/identity/claims.ts';
import type { ValueSource } from '../../core/policy/conditions.ts';

type ClaimSource = Extract<ValueSource, { readonly from: 'claim' }>;

/** Key of a claim's value among other values. */
export function claimKey({ type, name }: Pick<ClaimSource, 'type' | 'name'>): string {
  return `claim ${type} ${name}`;
}

/** The claims among values by key; a list of texts is a list, and a symbol represents an unreadable one. */
export function claimsAmong(values: Iterable<readonly [key: string, value: unknown]>): Claims {
  const claims: Record<string, ReturnType<typeof claimOfText>> = {};
  for (const [key, value] of values) {
    const [, type, name = ''] = /^claim (\w+) (\w+)$/.exec(key) ?? [];
    if (type !== undefined && typeof value === 'symbol') claims[name] = null;
    if (type === undefined || !(typeof value === 'string' || isTexts(value))) continue;
    const claim = claimOfText(value, type as ClaimType);
    if (claim !== null) claims[name] = claim;
  }
  return claims;
}

/** Those of the texts that such a claim can have, and other values. */
export function claimTexts(type: ClaimType, texts: readonly string[], further = 1): readonly string[] {
  if (type === 'boolean') return ['true', 'false'];
  if (type !== 'number' && type !== 'time') return texts;
  const numbers = texts.filter((text) => claimOfText(text, type) !== null);
  const largest = Math.max(0, ...numbers.map(Number));
  return [...new Set([...numbers, ...Array.from({ length: further }, (_, n) => String(largest + n + 1))])];
}

/** Texts that both can have: two different ones, and one for both, which may be a user id. */
export function unlikeTexts(sources: readonly ValueSource[], userId: string): readonly [string, string, string] {
  const types = sources.flatMap((source) => (source.from === 'claim' ? [source.type] : []));
  if (types.includes('boolean')) return ['true', 'false', 'true'];
  return types.includes('number') ? ['1', '2', '1'] : ['this', 'that', userId];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}
