/** Identities that cover every result of some conditions: with each of the compared texts in each of the compared fields. */
import type { Identity } from '../../core/identity/identity.ts';
import { type Step, sourcesIn } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import { sampleIdentity } from '../../policy-model/samples/sample-identity.ts';

/** Null: more than `most`. */
export function identitiesOf(
  steps: readonly Step[],
  texts: readonly string[],
  { credentials }: Route,
  { anonymous, known: named }: { readonly anonymous: boolean; readonly known: boolean },
  most: number,
): readonly (Identity | null)[] | null {
  const fields = new Set(
    steps.flatMap(sourcesIn).flatMap((source) => (source.from === 'identity' ? [source.field] : [])),
  );
  const out: (Identity | null)[] = anonymous ? [null] : [];
  if (!named) return out;
  const ids = (asked: boolean) => (asked ? texts.filter((text) => text !== '') : ['id']);
  if (fields.has('groups') && 2 ** texts.length > most) return null;
  const groups = fields.has('groups') ? subsetsOf(texts) : [[]];
  const [users, sources] = [ids(fields.has('userId')), ids(fields.has('source'))];
  if (users.length * sources.length * groups.length > most) return null;
  const known = users.flatMap((userId) =>
    sources.flatMap((source) => groups.map((held) => ({ userId, source, groups: held }))),
  );
  for (const kind of credentials) {
    const id = kind === 'bearer' ? 'sessionId' : 'keyId';
    for (const credentialId of ids(fields.has(id))) {
      if (out.length + known.length > most) return null;
      for (const one of known) out.push({ ...sampleIdentity, kind, ...one, [id]: credentialId });
    }
  }
  return out;
}

export function subsetsOf(texts: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: 2 ** texts.length }, (_, mask) => texts.filter((_text, i) => (mask & (1 << i)) !== 0));
}
