/**
 * What every form of the program must do: a running `rolegate demo`, from the package, the image or the executable,
 * shows its screen, responds to every line of it with the printed status, and lets a user log in.
 */
import { expect } from 'vitest';
import { runCurlLine } from '../../support/curl-line.ts';
import { readDemoScreen, useOfCode } from '../../support/demo-screen.ts';

export interface RunningDemo {
  output(): string;
  see(pattern: RegExp): Promise<RegExpExecArray>;
  /** Where the gateway is reachable from here; unset: the address on the screen. */
  readonly origin?: string;
}

/** Examples on the screen. */
const atLeast = 8;

export async function smoke(demo: RunningDemo): Promise<void> {
  await demo.see(/Codes and requests appear below/);
  const [, printed] = await demo.see(/ gateway (http:\S+)/);
  const { trials, expand } = readDemoScreen(demo.output());
  const run = (line: string) => runCurlLine(expand(line).replaceAll(printed!, demo.origin ?? printed!));

  expect(trials.length).toBeGreaterThanOrEqual(atLeast);
  const answered: string[] = [];
  for (const trial of trials) answered.push(`${(await run(trial.printed)).status}: ${trial.shows}`);
  expect(answered).toEqual(trials.map(({ status, shows }) => `${status}: ${shows}`));

  const lines = trials.map((trial) => expand(trial.printed));
  const order = lines.find((line) => line.includes('/orders/7') && line.includes('Bearer'))!;
  const asked = await run(lines.find((line) => line.includes('/session'))!);
  const { bearer } = JSON.parse(asked.body) as { readonly bearer: string };
  const asNewSession = order.replace(/Bearer \w+/, `Bearer ${bearer}`);
  // The newest code belongs to this login: another one came with the example.
  const verifications = () => [...demo.output().matchAll(new RegExp(useOfCode(), 'gm'))];
  await demo.see(/(?:[\s\S]*session\/verification){2}/);
  expect((await run(verifications().at(-1)![1]!)).status).toBe(202);
  const seen = await run(asNewSession);
  expect(seen.status, 'with the code').toBe(200);
  expect(JSON.parse(seen.body)).toMatchObject({
    service: 'sample',
    headers: { groups: expect.stringContaining('acme') },
  });

  const refused = await run(order.replace(/Bearer \w+/, 'Bearer nobodys'));
  await demo.see(new RegExp(`401 GET /orders/7.*\\s.*${refused.headers.get('x-error-id')}`));
}
