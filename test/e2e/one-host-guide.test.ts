/** docs/guides/one-host.md: systemd accepts its units and rates the service as the page says; its configuration loads and its commands exist. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { blocksOf } from '../support/markdown-page.ts';
import { skipHere } from '../support/skip-here.ts';

const page = readFileSync('docs/guides/one-host.md', 'utf8');
const blocks = blocksOf(page);
const unit = (name: string) => {
  const [, , rest = ''] = new RegExp(`(\`/etc/systemd/system/${name}\`:)\n\n([^]*)`).exec(page) ?? [];
  return blocksOf(rest)[0]!.text;
};
const service = unit('rolegate.service');

beforeAll(() => {
  if (spawnSync('systemd-analyze', ['--version']).error !== undefined)
    skipHere('no systemd-analyze (Debian: apt-get install systemd)');
});

/** Both units in a folder; `edit` changes that of the service. */
function written(edit = (text: string) => text): string {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-units-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // A program that is here.
  const here = service.replaceAll('/usr/local/bin/rolegate', process.execPath);
  writeFileSync(join(folder, 'rolegate.socket'), unit('rolegate.socket'));
  writeFileSync(join(folder, 'rolegate.service'), edit(here));
  return folder;
}

const analyze = (folder: string, ...args: string[]) =>
  spawnSync('systemd-analyze', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:`, NO_COLOR: '1' },
  });

test('systemd accepts both units', () => {
  const folder = written();
  const { status, stderr } = analyze(folder, 'verify', './rolegate.socket', './rolegate.service');
  expect([status, stderr]).toEqual([0, '']);
});

test('control: systemd names a misspelled setting', () => {
  const folder = written((text) => text.replace('ProtectHome=', 'ProtectHouse='));
  expect(analyze(folder, 'verify', './rolegate.service').stderr).toContain('ProtectHouse');
});

test('the service is as exposed as the page says', () => {
  expect(page).toContain('rates the service 2 or better');
  const level = (folder: string) =>
    analyze(folder, 'security', '--offline=true', '--threshold=20', './rolegate.service');
  const { status, stdout } = level(written());
  expect([status, stdout.slice(-200)]).toEqual([0, expect.stringContaining('exposure level')]);
  const bare = written((text) => text.replace(/# A user that exists.*(?=\[Install\])/s, ''));
  expect(level(bare).status).not.toBe(0);
});

test('the service outlives what its configuration lets it wait', () => {
  const [, seconds = ''] = /^TimeoutStopSec=(\d+)$/m.exec(service) ?? [];
  const schema = readFileSync('config/gateway.reference.yaml', 'utf8');
  const [, delay = ''] = /drainDelay: (\d+)s/.exec(schema) ?? [];
  const [, timeout = ''] = /drainTimeout: (\d+)s/.exec(schema) ?? [];
  expect(Number(seconds)).toBeGreaterThan(Number(delay) + Number(timeout));
});

test('the commands are those of a shell on such a host', () => {
  for (const { text } of blocks.filter(({ language, info }) => `${language} ${info}` === 'sh host')) {
    expect(spawnSync('sh', ['-n'], { input: text }).status).toBe(0);
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(?:install|openssl|rolegate validate|systemctl|journalctl) /);
  }
  expect(service).toContain('ExecStart=/usr/local/bin/rolegate serve --config /etc/rolegate/gateway.yaml');
  // The kinds of blocks that this file reads: 'ini systemd'.
  expect(blocks.filter(({ language, info }) => `${language} ${info}` === 'ini systemd')).toHaveLength(2);
});
