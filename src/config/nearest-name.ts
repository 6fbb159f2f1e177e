/** Finds the known name that an author most likely meant. */

/** The nearest of the names, or null if none is near: about one mistake per three letters. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const lower = name.toLowerCase();
  const most = Math.max(1, Math.floor(name.length / 3));
  let best: string | null = null;
  let bestDistance = most + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "orders"?`, or null if no name is near. */
export function didYouMean(name: string, known: Iterable<string>): string | null {
  const near = nearestName(name.slice(0, 64), known);
  return near === null ? null : `did you mean "${near}"?`;
}

/** A hint for a wrong name: the nearest one, otherwise the whole list if it is short. */
export function nameHint(name: string, known: Iterable<string>): string | null {
  const names = [...known];
  return didYouMean(name, names) ?? (names.length === 0 || names.length > 24 ? null : `known: ${names.join(', ')}`);
}

/**
 * Optimal string alignment distance (Damerau-Levenshtein without a second edit of a swapped pair): inserted, deleted,
 * replaced letters and swapped neighbors count one each.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforeLast[j - 2]! + 1);
      }
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
