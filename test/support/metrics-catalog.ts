/** Every metric that Rolegate itself defines, as `prom-client` describes it. */
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';

export interface CatalogEntry {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

export function metricsCatalog(): readonly CatalogEntry[] {
  const telemetry = createTelemetry({
    log: { level: 'silent', access: false },
    version: '',
    destination: process.stdout,
  });
  return telemetry.registry
    .getMetricsAsArray()
    .filter(({ name }) => name.startsWith('rolegate_'))
    .map((metric) => {
      const { name, help, type } = metric;
      const labels = (metric as unknown as { readonly labelNames: readonly string[] }).labelNames;
      return { name, type: String(type), labels, help };
    });
}
