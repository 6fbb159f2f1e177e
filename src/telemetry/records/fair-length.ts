/**
 * The length to which lists are cut so that all together have at most `most` entries: short lists stay whole, and long ones become equal.
 * `Infinity`: nothing has to be cut.
 */
export function fairLength(lengths: readonly number[], most: number): number {
  let left = most;
  const sorted = [...lengths].sort((a, b) => a - b);
  for (const [index, length] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Number.POSITIVE_INFINITY;
}
