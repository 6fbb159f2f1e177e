/** A real Prometheus that scrapes the gateways and other targets, and evaluates the rules. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertsFile } from '../alert-rules.ts';
import { freePort } from '../free-port.ts';
import { type Processes, untilListening } from '../processes.ts';
import { adminToken, type Gateway } from './gateways.ts';

export interface PrometheusOptions {
  readonly program: string;
  /** Derives the rules that it loads from the text that operators get. */
  readonly rules?: (text: string) => string;
  /** Scrape interval in seconds; if unset, two. */
  readonly scrapeS?: number;
  /** Targets besides the gateways: jobs, and the port of each on this machine. */
  readonly others?: Readonly<Record<string, number>>;
}

/** Scrape interval in seconds, if no other one is asked for. */
export const everyS = 2;

/** Returns its origin. */
export async function startPrometheus(
  processes: Processes,
  folder: string,
  gateways: readonly Gateway[],
  { program, rules = (text) => text, scrapeS = everyS, others = {} }: PrometheusOptions,
): Promise<string> {
  writeFileSync(join(folder, 'alerts.yaml'), rules(readFileSync(alertsFile, 'utf8')));
  writeFileSync(join(folder, 'token'), adminToken);
  // Named like replicas, so pictures do not show random ports.
  const targets = gateways.map(({ admin }, index) => ({
    targets: [`127.0.0.1:${admin}`],
    labels: { instance: `gateway-${index + 1}` },
  }));
  const settings = {
    global: { scrape_interval: `${scrapeS}s`, evaluation_interval: `${scrapeS}s` },
    rule_files: ['alerts.yaml'],
    scrape_configs: [
      { job_name: 'rolegate', authorization: { credentials_file: join(folder, 'token') }, static_configs: targets },
      ...Object.entries(others).map(([job, port]) => ({
        job_name: job,
        static_configs: [{ targets: [`127.0.0.1:${port}`] }],
      })),
    ],
  };
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(settings));
  const port = await freePort();
  const child = processes.start(
    'any',
    [
      program,
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    ['ignore', 'ignore', 'ignore'],
  );
  await untilListening(port, child);
  return `http://127.0.0.1:${port}`;
}
