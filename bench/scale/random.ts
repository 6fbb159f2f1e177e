/** Pseudorandom numbers from a seed (mulberry32), and how requests are distributed over credentials. */

export interface Random {
  /** From 0 to 1. */
  fraction(): number;
  below(count: number): number;
  /** Time until the next event of a rate. */
  exponential(rate: number): number;
}

export function drawFrom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    below: (count) => Math.floor(fraction() * count),
    exponential: (rate) => -Math.log(1 - fraction()) / rate,
  };
}

/** The share of all requests for each credential. */
export function shares(credentials: number, skew: number): Float64Array {
  const weights = Float64Array.from({ length: credentials }, (_, index) => (index + 1) ** -skew);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
