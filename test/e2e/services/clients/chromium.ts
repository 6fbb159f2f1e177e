/** Chromium: a page of the service sends the requests with `fetch`, one after the other. */
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import type { Outcome } from '../compare-responses.ts';
import type { Place, PreparedRequest } from './client.ts';

export async function sendWithChromium(
  browser: Browser,
  requests: readonly PreparedRequest[],
  { page, headers }: Place,
): Promise<Outcome[]> {
  // A context of its own has its own cookies and cache. Pages of Jupyter's API may not fetch anything by their policy.
  const context = await browser.newContext({ extraHTTPHeaders: headers, bypassCSP: true });
  try {
    await context.addCookies([{ name: 'a', value: '1', url: page }]);
    const opened = await context.newPage();
    await opened.goto(page);
    const files = [...new Set(requests.map(({ file }) => file).filter((file) => file !== ''))];
    const bodies = Object.fromEntries(
      await Promise.all(files.map(async (file) => [file, await readFile(file, 'base64')])),
    );
    return await opened.evaluate(fetchAll, { requests, bodies });
  } finally {
    await context.close();
  }
}

/** Runs in the page. */
async function fetchAll({
  requests,
  bodies,
}: {
  requests: readonly PreparedRequest[];
  bodies: Readonly<Record<string, string>>;
}): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { method, url, headers, file, framing } of requests) {
    const body = framing === 'none' ? null : Uint8Array.from(atob(bodies[file] ?? ''), (char) => char.charCodeAt(0));
    try {
      const response = await fetch(url, {
        method,
        headers,
        body,
        signal: AbortSignal.timeout(20_000),
      });
      const bytes = await response.arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      outcomes.push({
        status: response.status,
        reason: response.statusText,
        body: `${bytes.byteLength} ${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`,
        headers: [...response.headers].map(([name, value]) => `${name}: ${value}`),
      });
    } catch (error) {
      outcomes.push({ error: String(error) });
    }
  }
  return outcomes;
}
