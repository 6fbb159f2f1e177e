/** A program that reads requests from standard input and prints what came back, in the format of `client.py`. */
import type { Outcome } from '../compare-responses.ts';
import { type PreparedRequest, run } from './client.ts';

export async function sendLines(
  command: string,
  args: readonly string[],
  requests: readonly PreparedRequest[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome[]> {
  const input = requests.map(({ number, method, url, framing, file, headers }) => {
    const written = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    return `${[number, method, url, framing, file, ...written].join('\t')}\n`;
  });
  const { stdout, stderr, code } = await run(command, args, { input: input.join(''), env });
  const outcomes = new Map<number, Outcome>();
  for (const line of stdout.trimEnd().split('\n')) {
    const [number, status = '', reason = '', length, digest, ...headers] = line.split('\t');
    if (status === 'error') outcomes.set(Number(number), { error: reason });
    else outcomes.set(Number(number), { status: Number(status), reason, body: `${length} ${digest}`, headers });
  }
  const none = { error: `the client ended (${code}): ${stderr.slice(-500)}` };
  return requests.map(({ number }) => outcomes.get(number) ?? none);
}
