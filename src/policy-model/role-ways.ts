/**
 * The ways in which a caller's roles meet a demand, or fail it. Each way requires one of some sets and forbids others. So for each
 * way it is enough to try the caller with all marks that it does not forbid.
 */
import type { RoleDemand } from '../core/policy/role-demand.ts';

export interface RoleWay {
  /** The caller must have none of these bits. */
  readonly forbidden: bigint;
  /** The caller must have at least one bit of each. */
  readonly sets: readonly bigint[];
}

/** Maximum ways of one demand. */
const maxWays = 512;

/** `offset`: of the bit of the first leaf. Null: too many ways. */
export function roleWays(demand: RoleDemand, offset: number, met: boolean): readonly RoleWay[] | null {
  let next = offset;
  const visit = (part: RoleDemand): readonly RoleWay[] | null => {
    if (!('parts' in part)) {
      const bit = 1n << BigInt(next);
      next += 1;
      return (part.kind === 'holds') === met ? [{ forbidden: 0n, sets: [bit] }] : [{ forbidden: bit, sets: [] }];
    }
    const parts = part.parts.map(visit);
    if (!parts.every((ways) => ways !== null)) return null;
    return (part.kind === 'all') === met ? together(parts) : oneOf(parts);
  };
  return visit(demand);
}

function together(parts: readonly (readonly RoleWay[])[]): readonly RoleWay[] | null {
  let joined: readonly RoleWay[] = [{ forbidden: 0n, sets: [] }];
  for (const ways of parts) {
    if (joined.length * ways.length > maxWays) return null;
    joined = joined.flatMap((one) =>
      ways.map(({ forbidden, sets }) => ({ forbidden: one.forbidden | forbidden, sets: [...one.sets, ...sets] })),
    );
  }
  return joined.filter(({ forbidden, sets }) => sets.every((set) => (set & ~forbidden) !== 0n));
}

/** Merges ways that only require a set into one that accepts any of these sets. */
function oneOf(parts: readonly (readonly RoleWay[])[]): readonly RoleWay[] | null {
  const ways = parts.flat();
  if (ways.length > maxWays) return null;
  const isSet = ({ forbidden, sets }: RoleWay) => forbidden === 0n && sets.length === 1;
  const sets = ways.filter(isSet);
  const others = ways.filter((way) => !isSet(way));
  return sets.length === 0
    ? others
    : [{ forbidden: 0n, sets: [sets.reduce((all, way) => all | way.sets[0]!, 0n)] }, ...others];
}
