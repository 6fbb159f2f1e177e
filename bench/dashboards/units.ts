/** Values in readable form, by the unit of a panel. */

const bytes = ['B', 'kB', 'MB', 'GB'];

export function shown(value: number, unit: string): string {
  if (!Number.isFinite(value)) return 'no data';
  switch (unit) {
    case 'percentunit':
      return `${digits(value * 100)} %`;
    case 's':
      if (value === 0) return '0 s';
      if (value < 0.001) return `${digits(value * 1e6)} µs`;
      return value < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`;
    case 'bytes':
    case 'Bps': {
      const power = value < 1 ? 0 : Math.min(bytes.length - 1, Math.floor(Math.log10(value) / 3));
      return `${digits(value / 1000 ** power)} ${bytes[power]}${unit === 'Bps' ? '/s' : ''}`;
    }
    case 'reqps':
    case 'cps':
      return `${digits(value)}/s`;
    default:
      return digits(value);
  }
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** Ticks of an axis from 0: a round number at or above the largest value, and its fractions. */
export function ticks(largest: number): readonly number[] {
  if (!(largest > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(largest / 3));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => largest / size <= 4) ?? largest;
  const count = Math.max(1, Math.ceil(largest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
