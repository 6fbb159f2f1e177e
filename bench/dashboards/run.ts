/**
 * `npm run draw:dashboards`: runs traffic with faults through three gateways that a real Prometheus scrapes, runs the queries of
 * the dashboards, and draws the data. Fails if a query has no data. Needs `prometheus` and `redis-server`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dashboards } from '../../scripts/dashboard-files.ts';
import { type Dashboard, dataOf, type PanelData } from '../../test/support/monitoring/query.ts';
import { playTraffic } from '../../test/support/monitoring/traffic.ts';
import { startWorld } from '../../test/support/monitoring/world.ts';
import { readOptions } from '../options.ts';
import { benchPlace } from '../processes.ts';
import { draw } from './draw.ts';

const options = readOptions(
  `Usage: npm run draw:dashboards -- [options]
  --seconds N         of traffic (default 260); faults come in the first 230
  --rate N            requests per second over all gateways (default 120)
  --prometheus FILE   the program (default prometheus)
  --keep FILE         writes the data, for --from
  --from FILE         draws this data, without a run`,
  {
    seconds: { type: 'string', default: '260' },
    rate: { type: 'string', default: '120' },
    prometheus: { type: 'string', default: 'prometheus' },
    keep: { type: 'string' },
    from: { type: 'string' },
  },
);

type Drawn = Readonly<Record<string, { readonly title: string; readonly data: readonly PanelData[] }>>;

/** Queries without data. */
const missing: string[] = [];
const drawn: Drawn = options.from === undefined ? await played() : JSON.parse(readFileSync(options.from, 'utf8'));
if (options.keep !== undefined) writeFileSync(options.keep, JSON.stringify(drawn));
for (const [name, { title, data }] of Object.entries(drawn)) {
  const file = `docs/images/dashboards/${name}.svg`;
  writeFileSync(file, draw(title, 'three gateways, mixed traffic with faults', data));
  console.log(file);
}
for (const line of missing) console.error(line);
process.exit(missing.length === 0 ? 0 : 1);

async function played(): Promise<Drawn> {
  const { processes, folder } = benchPlace('dashboards');
  const world = await startWorld(processes, folder, { program: options.prometheus });
  const from = Date.now() / 1000 + 6;
  await playTraffic(world, Number(options.seconds), Number(options.rate));
  const to = Date.now() / 1000;
  const all: [string, Drawn[string]][] = [];
  for (const { name } of dashboards) {
    const dashboard: Dashboard = JSON.parse(readFileSync(`monitoring/dashboards/${name}.json`, 'utf8'));
    all.push([name, { title: dashboard.title, data: await dataOf(dashboard, world, [from, to], missing) }]);
  }
  return Object.fromEntries(all);
}
