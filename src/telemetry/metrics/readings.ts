/** Metrics whose values are read at each scrape, so that requests pay nothing for them. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** How the values of several processes become one. */
type Aggregator = 'sum' | 'min' | 'max' | 'first';

/** The values of a label, each with its number. */
type ByLabel = Iterable<readonly [value: string, number: number]>;

/** Declares metrics in `registry`. A value of null: the metric is absent now. */
export function readingsIn(registry: Registry) {
  const registers = [registry];
  return {
    gauge(name: string, help: string, read: () => number | boolean | null, aggregator: Aggregator = 'sum'): void {
      new Gauge({
        name,
        help,
        aggregator,
        registers,
        collect() {
          const value = read();
          if (value === null) this.remove();
          else this.set(Number(value));
        },
      });
    },
    gaugePer(label: string, name: string, help: string, read: () => ByLabel, aggregator: Aggregator = 'sum'): void {
      new Gauge({
        name,
        help,
        aggregator,
        labelNames: [label],
        registers,
        collect() {
          this.reset();
          for (const [value, number] of read()) this.set({ [label]: value }, number);
        },
      });
    },
    counter(name: string, help: string, read: () => number | null): void {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.remove();
          const value = read();
          if (value !== null) this.inc(value);
        },
      });
    },
    counterPer(label: string, name: string, help: string, read: () => ByLabel): void {
      new Counter({
        name,
        help,
        labelNames: [label],
        registers,
        collect() {
          this.reset();
          for (const [value, number] of read()) this.inc({ [label]: value }, number);
        },
      });
    },
  };
}
