/** Chromium for tests of pages: the installed one, or installed with apt on Debian as root. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);
const installTimeoutMs = 400_000;
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
/** No sandbox, because containers run tests as root; no requests except to the page's server. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why tests are skipped without Chromium. */
export const noChromium =
  'no Chromium: install it (Debian: apt-get install chromium), or set TEST_CHROMIUM to its path';

/** Null: not available and not installable. Rejects when `TEST_CHROMIUM` is set and does not start. */
export async function launchChromium(): Promise<Browser | null> {
  const executablePath = process.env['TEST_CHROMIUM'] ?? places.find(existsSync) ?? (await fromApt());
  return executablePath === null ? null : await chromium.launch({ executablePath, headless: true, args: quiet });
}

async function fromApt(): Promise<string | null> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null;
  // One installation at a time for all runs on this machine; later ones find it installed.
  const lock = join(tmpdir(), 'rolegate-test-chromium-install.lock');
  const script =
    'command -v chromium >/dev/null || ' +
    '{ apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 chromium; }';
  try {
    await run('flock', ['-w', '380', lock, 'sh', '-c', script], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: installTimeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch {
    return null;
  }
  return places.find(existsSync) ?? null;
}
