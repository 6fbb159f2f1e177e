/** Sizes such as `10mb`, `16kb`, `512b`: powers of 1024, always with a unit. */

const pattern = /^(0|[1-9]\d{0,9})(b|kb|mb|gb)$/;
const unitBytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

export const sizePattern = '(?:0|[1-9][0-9]{0,9})(?:b|kb|mb|gb)';

/** Bytes, or null when it is no size. */
export function parseSize(text: string): number | null {
  const match = pattern.exec(text.toLowerCase());
  if (match === null) return null;
  return Number(match[1]) * unitBytes[match[2] as keyof typeof unitBytes];
}

/** The shortest way to write so many bytes. */
export function formatSize(bytes: number): string {
  for (const unit of ['gb', 'mb', 'kb'] as const) {
    if (bytes >= unitBytes[unit] && bytes % unitBytes[unit] === 0) return `${bytes / unitBytes[unit]}${unit}`;
  }
  return `${bytes}b`;
}
