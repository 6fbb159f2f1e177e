/** wget, which applies its options to all URLs of a process: requests that differ only in their number share one. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../compare-responses.ts';
import { type PreparedRequest, run } from './client.ts';
import { bodyOf, lastHead, readIfThere } from './received-files.ts';

const options = [
  '--no-config',
  '--no-proxy',
  '--no-hsts',
  '--no-directories',
  '--progress=dot:giga',
  '--server-response',
  '--content-on-error',
  '--timeout=20',
  '--restrict-file-names=nocontrol',
  // Two tries, because it reuses connections that a service of HTTP/1.0 closes.
  '--tries=2',
  '--waitretry=0',
];

export async function sendWithWget(requests: readonly PreparedRequest[], folder: string): Promise<Outcome[]> {
  const outcomes = new Map<number, Outcome>();
  const groups = Map.groupBy(requests, ({ number: _, url, ...same }) =>
    JSON.stringify({ ...same, url: unnumbered(url) }),
  );
  for (const [index, group] of [...groups.values()].entries()) {
    const place = join(folder, String(index));
    await mkdir(place);
    for (const [number, outcome] of await sendGroup(group, place)) outcomes.set(number, outcome);
  }
  return requests.map(({ number }) => outcomes.get(number) ?? { error: 'wget printed nothing' });
}

const unnumbered = (url: string) => url.replace(/n=\d+$/, '');

async function sendGroup(group: readonly PreparedRequest[], place: string): Promise<[number, Outcome][]> {
  const { method, headers, framing, file } = group[0]!;
  const { Range: range, ...others } = headers;
  const sent = [
    `--method=${method}`,
    ...Object.entries(others).map(([name, value]) => `--header=${name}: ${value}`),
    ...(range === undefined ? [] : [`--start-pos=${/=(\d+)-$/.exec(range)![1]}`]),
    ...(framing === 'none' ? [] : [`--body-file=${file}`]),
  ];
  const urls = group.map(({ url }) => url);
  const { stderr } = await run('wget', [...options, `--directory-prefix=${place}`, ...sent, ...urls]);
  const heads = headsOf(stderr);
  const names = await readdir(place);
  return Promise.all(
    group.map(async ({ number }): Promise<[number, Outcome]> => {
      const head = heads.get(number);
      if (head === undefined) return [number, { error: stderr.slice(-500) }];
      const name = names.find((written) => new RegExp(`[?&]n=${number}$`).test(written)) ?? 'none';
      return [number, { ...lastHead(head), body: bodyOf(await readIfThere(join(place, name))) }];
    }),
  );
}

/** The heads of each request, redirects included, by its number. Their lines are the only ones with two blanks before them. */
function headsOf(output: string): Map<number, string> {
  const heads = new Map<number, string>();
  let current = -1;
  for (const line of output.split(/\r?\n/)) {
    const begun = /^--.+-- {2}.+[?&]n=(\d+)$/.exec(line);
    if (begun !== null) current = Number(begun[1]);
    else if (/^ {2}\S/.test(line)) heads.set(current, `${heads.get(current) ?? ''}${line.slice(2)}\n`);
  }
  return heads;
}
