/** curl, which gets the requests as one configuration file and writes heads and bodies to files. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../compare-responses.ts';
import { type PreparedRequest, run } from './client.ts';
import { bodyOf, lastHead, readIfThere } from './received-files.ts';

export async function sendWithCurl(requests: readonly PreparedRequest[], folder: string): Promise<Outcome[]> {
  const config = join(folder, 'curl.config');
  await writeFile(config, requests.map((request) => entry(request, folder)).join('next\n'));
  const { stdout, stderr } = await run('curl', ['--disable', '--config', config]);
  const ends = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => [Number(line.split(' ')[0]), line]),
  );
  return Promise.all(
    requests.map(async ({ number }) => {
      const end = ends.get(number);
      if (end === undefined) return { error: `curl ended: ${stderr.slice(-500)}` };
      if (!/^\d+ 0( |$)/.test(end)) return { error: end };
      const head = await readIfThere(join(folder, `${number}.head`));
      return { ...lastHead(head.toString('latin1')), body: bodyOf(await readIfThere(join(folder, `${number}.body`))) };
    }),
  );
}

function entry({ number, kind, method, url, headers, framing, file }: PreparedRequest, folder: string): string {
  const lines = [
    ['url', url],
    ['dump-header', join(folder, `${number}.head`)],
    // Of HEAD it would write the head as the body.
    ['output', method === 'HEAD' ? '/dev/null' : join(folder, `${number}.body`)],
    ['write-out', `${number} %{exitcode} %{errormsg}\\n`],
    ['noproxy', '*'],
    ['max-time', '20'],
    ...Object.entries(headers).map(([name, value]) => ['header', `${name}: ${value}`]),
    ...(framing === 'none' ? [] : [['data-binary', `@${file}`]]),
    ...(framing === 'chunked' ? [['header', 'Transfer-Encoding: chunked']] : []),
    ...(method === 'HEAD' ? [] : [['request', method]]),
  ];
  const flags = [
    'silent',
    'path-as-is',
    kind === 'HTTP/1.0' ? 'http1.0' : 'http1.1',
    ...(method === 'HEAD' ? ['head'] : []),
  ];
  return [...lines.map(([name, value = '']) => `${name} = ${quoted(value)}`), ...flags, ''].join('\n');
}

/** The end of `write-out` is written as curl reads it. */
const quoted = (text: string) => `"${text.replaceAll(/\\(?!n$)/g, '\\\\').replaceAll('"', '\\"')}"`;
