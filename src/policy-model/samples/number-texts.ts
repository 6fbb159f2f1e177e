/** Texts of numbers that bounds can distinguish: each bound, its neighbors, and a value between two bounds. */

export function numberTexts(bounds: Iterable<number>): readonly string[] {
  const sorted = [...new Set(bounds)].sort((a, b) => a - b);
  const between = sorted.flatMap((bound, index) => {
    const next = sorted[index + 1];
    return next === undefined ? [] : [(bound + next) / 2];
  });
  const beside = sorted.flatMap((bound) => {
    const [below, above] = [Math.ceil(bound) - 1, Math.floor(bound) + 1];
    // A parameter of the shape int has only whole numbers.
    return [bound, above, below, Math.abs(above), 0];
  });
  return [...new Set([...beside, ...between])].map((number) =>
    String(Math.round(number * 1e6) / 1e6).replace(/^-0$/, '0'),
  );
}
