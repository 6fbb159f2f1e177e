/** Chooses the format of a page of metrics by the `Accept` header of the request. */

export type MetricsFormat = 'text' | 'openmetrics';

/** OpenMetrics only if it is listed, with version 1.0.0 or none, and preferred to the text format. */
export function metricsFormat(accept: string): MetricsFormat {
  let [open, text] = [0, 0];
  for (const part of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((one) => one.trim());
    const value = (name: string) => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
    const weight = Number(value('q') ?? 1);
    const version = (value('version') ?? '1.0.0').replaceAll('"', '');
    if (type === 'application/openmetrics-text' && version === '1.0.0') open = Math.max(open, weight);
    if (type === 'text/plain') text = Math.max(text, weight);
  }
  return open > 0 && open >= text ? 'openmetrics' : 'text';
}
