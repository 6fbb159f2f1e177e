/** Durations such as `5s`, `500ms`, `2m`, `1h`: a whole number and a unit, always both. */

const pattern = /^(0|[1-9]\d{0,9})(ms|s|m|h|d)$/;
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const durationPattern = '(?:0|[1-9][0-9]{0,9})(?:ms|s|m|h|d)';

/** Milliseconds, or null when it is no duration. */
export function parseDuration(text: string): number | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

/** The shortest way to write so many milliseconds. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= unitMs[unit] && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`;
  }
  return ms === 0 ? '0s' : `${ms}ms`;
}
