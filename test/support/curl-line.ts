/** Executes a printed `curl` line, for machines without curl: the options that Rolegate's pages and screens use. */
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';

export interface CurlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Throws on an unknown option, so no line is only partly understood. */
export async function runCurlLine(line: string): Promise<CurlAnswer> {
  const [command, ...args] = shellWords(line);
  if (command !== 'curl') throw new Error(`not a curl line: ${line}`);
  let url: string | null = null;
  let method: string | null = null;
  let body: string | null = null;
  let authority: string | null = null;
  const headers: [string, string][] = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i]!;
    const value = () => {
      i += 1;
      return args[i]!;
    };
    if (arg === '-i' || arg === '-s' || arg === '-is') continue;
    if (arg === '-X') method = value();
    else if (arg === '-d') body = value();
    else if (arg === '--cacert') authority = readFileSync(value(), 'utf8');
    else if (arg === '-H') {
      const header = value();
      const colon = header.indexOf(':');
      headers.push([header.slice(0, colon), header.slice(colon + 1).trim()]);
    } else if (arg.startsWith('-')) throw new Error(`unknown curl option ${arg}`);
    else url = arg.includes('://') ? arg : `http://${arg}`;
  }
  if (url === null) throw new Error(`no address in: ${line}`);
  const agent = authority === null ? null : new Agent({ connect: { ca: authority } });
  try {
    const answer = await fetch(url, {
      method: method ?? (body === null ? 'GET' : 'POST'),
      headers,
      redirect: 'manual',
      ...(agent === null ? {} : { dispatcher: agent as never }),
      ...(body === null ? {} : { body }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  } finally {
    await agent?.close();
  }
}

/** Words of a POSIX shell line with plain words, single and double quotes. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  for (const [, single, double, plain] of line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)) {
    words.push(single ?? double ?? plain ?? '');
  }
  return words;
}
