/** Helm's own checks of values before it renders: the configuration's schema, and what parent charts add. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { runHelm, tryTemplate } from './helm.ts';

vi.setConfig({ testTimeout: 30_000 });

describe('the configuration in the values', () => {
  test.each([
    ['a misspelled section', { config: { sever: {} } }, "at '/config': additional properties 'sever' not allowed"],
    [
      'a misspelled key of a route',
      { config: { routes: [{ id: 'a', match: { path: '/' }, upstream: 'orders', acess: 'public' }] } },
      "at '/config/routes/0': additional properties 'acess' not allowed",
    ],
    ['a time without its unit', { config: { defaults: { timeout: 5 } } }, "at '/config/defaults/timeout'"],
    [
      'a misspelled key of the Auth API',
      { authApi: { enabled: true, config: { selfRegistraton: true } } },
      "at '/authApi/config': additional properties 'selfRegistraton' not allowed",
    ],
  ])('%s is refused with its location', (_, values, says) => {
    const { ok, output } = tryTemplate(['minimal'], values);
    expect(ok, output).toBe(false);
    expect(output).toContain(says);
  });

  test('accepts a variable where a number, a time or a word is expected', () => {
    const defaults = { timeout: '$' + '{TIMEOUT}', maxBody: '$' + '{BODY:-10mb}' };
    const { ok, output } = tryTemplate(['minimal'], { config: { defaults, server: { workers: '$' + '{WORKERS}' } } });
    expect(ok, output).toBe(true);
  });
});

describe('below a parent chart', () => {
  /** Renders a chart that includes this one, with these values. */
  function renderParent(values: object): { ok: boolean; output: string } {
    const folder = mkdtempSync(join(tmpdir(), 'rolegate-parent-'));
    try {
      mkdirSync(join(folder, 'charts'));
      cpSync('helm', join(folder, 'charts/rolegate'), { recursive: true });
      const dependencies = [{ name: 'rolegate', version: '*', condition: 'rolegate.enabled' }];
      writeFileSync(
        join(folder, 'Chart.yaml'),
        stringify({ apiVersion: 'v2', name: 'parent', version: '1.0.0', dependencies }),
      );
      return runHelm(['template', 'edge', folder, '--values', '-'], stringify(values));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const rolegate = {
    image: { repository: 'registry.example.test/rolegate' },
    secrets: { existingSecret: 'secrets' },
    config: { authApi: { url: 'http://auth-api:8081' }, routes: [] },
  };

  test('accepts the condition and values for all charts', () => {
    const { ok, output } = renderParent({ global: { region: 'eu' }, rolegate: { ...rolegate, enabled: true } });
    expect(ok, output).toBe(true);
    expect(output).toContain('kind: Deployment');
  });

  test('the condition disables the chart', () => {
    const { ok, output } = renderParent({ rolegate: { ...rolegate, enabled: false } });
    expect(ok, output).toBe(true);
    expect(output).not.toContain('kind: Deployment');
  });

  test('control: refuses another unknown name', () => {
    const { ok, output } = renderParent({ rolegate: { ...rolegate, enabledd: true } });
    expect(ok).toBe(false);
    expect(output).toContain("additional properties 'enabledd' not allowed");
  });
});
