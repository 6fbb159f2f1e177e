/** The trend of a series by least squares. */

export interface Sample {
  readonly seconds: number;
  readonly value: number;
}

/** Change of the value per hour. */
export function slopePerHour(samples: readonly Sample[]): number {
  const count = samples.length;
  if (count < 2) return 0;
  const meanX = samples.reduce((sum, { seconds }) => sum + seconds, 0) / count;
  const meanY = samples.reduce((sum, { value }) => sum + value, 0) / count;
  let [above, below] = [0, 0];
  for (const { seconds, value } of samples) {
    above += (seconds - meanX) * (value - meanY);
    below += (seconds - meanX) ** 2;
  }
  return below === 0 ? 0 : (above / below) * 3600;
}
