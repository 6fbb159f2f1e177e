import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { outputTo } from '../../../src/telemetry/log/log-output.ts';

test('a failing destination stops no request', () => {
  const output = outputTo({
    write: () => {
      throw new Error('gone');
    },
  });
  output.write('one\n');
  output.close();
});

describe('standard output of a process', () => {
  const module = (name: string) => JSON.stringify(new URL(`../../../src/telemetry/log/${name}`, import.meta.url).href);
  const script = (end: string) => `
    import { standardOutput } from ${module('log-output.ts')};
    const output = standardOutput({ dropped() {}, failing() {} });
    for (let n = 0; n < 50000; n += 1) output.write('line ' + n + '\\n');
    ${end}`;
  const expected = Array.from({ length: 50_000 }, (_, n) => `line ${n}\n`).join('');
  const run = promisify(execFile);

  test.each([
    ['ends by itself', ''],
    ['exits at once', 'process.exit(0);'],
    ['closes first', 'output.close();'],
    ['settles, and closes', 'await output.settle(); output.close();'],
    ['throws', 'process.on("uncaughtException", () => process.exit(0)); throw new Error("x");'],
  ])('contains every line once and in order when it %s', async (_, end) => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script(end)], {
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(stdout.length).toBe(expected.length);
    expect(stdout === expected).toBe(true);
  });

  test('contains every line once and in order when written over many turns to a slow reader', async () => {
    const source = `
      import { standardOutput } from ${module('log-output.ts')};
      const output = standardOutput({ dropped() {}, failing() {} });
      let n = 0;
      const some = () => {
        for (let end = n + 500; n < end; n += 1) output.write('line ' + n + '\\n');
        if (n < 50000) setImmediate(some);
      };
      some();`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    for await (const chunk of child.stdout) {
      told += String(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told === expected).toBe(true);
  });

  test.each([
    ['while the process continues', ''],
    ['after the end', 'output.close();'],
  ])('keeps the order of lines that are longer than its buffer, %s', async (_, end) => {
    const lengths = [10, 65_535, 65_536, 200_000, 10, 65_530, 200_000];
    const source = `
      import { standardOutput } from ${module('log-output.ts')};
      const output = standardOutput({ dropped() {}, failing() {} });
      ${end}
      ${JSON.stringify(lengths)}.forEach((length, n) => output.write(String(n).repeat(length - 1) + '\\n'));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', source], { maxBuffer: 1024 * 1024 });
    expect(stdout === lengths.map((length, n) => `${String(n).repeat(length - 1)}\n`).join('')).toBe(true);
  });

  test('writes a line soon while the process continues, and a line after the end at once', async () => {
    const source = `
      import { standardOutput } from ${module('log-output.ts')};
      const output = standardOutput({ dropped() {}, failing() {} });
      output.write('one\\n');
      process.stdin.once('data', () => {
        output.close();
        output.write('two\\n');
        process.kill(process.pid, 'SIGKILL');
      });`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let written = '';
    for await (const chunk of child.stdout) {
      written += String(chunk);
      if (written === 'one\n') child.stdin.write('go on');
    }
    expect(written).toBe('one\ntwo\n');
  });

  test('ends even if its reader has exited', async () => {
    const source = `
      import { standardOutput } from ${module('log-output.ts')};
      const output = standardOutput({ dropped() {}, failing() {} });
      process.stdin.once('end', async () => {
        output.write('nobody reads this\\n');
        await output.settle();
        output.write('nor this\\n');
        output.close();
        process.stderr.write('ended');
      }).resume();`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdout.destroy();
    child.stdin.end();
    let told = '';
    for await (const chunk of child.stderr) told += String(chunk);
    expect(told).toBe('ended');
  });

  test('ends even if its reader has stalled', async () => {
    const source = `
      import { standardOutput } from ${module('log-output.ts')};
      const output = standardOutput({ dropped() {}, failing() {} });
      for (let n = 0; n < 4000; n += 1) output.write('x'.repeat(1023) + '\\n');
      await output.settle();
      output.close();
      process.stderr.write('ended', () => process.kill(process.pid, 'SIGKILL'));`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    for await (const chunk of child.stderr) told += String(chunk);
    expect(told).toBe('ended');
  });

  test('drops and counts lines without a reader', async () => {
    const source = `
      import { standardOutput } from ${module('log-output.ts')};
      let dropped = 0;
      const output = standardOutput({ dropped(lines) { dropped += lines; }, failing() {} });
      const line = 'x'.repeat(1023) + '\\n';
      for (let n = 0; n < 40000; n += 1) output.write(line);
      process.stderr.write(String(dropped));
      process.kill(process.pid, 'SIGKILL');`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    await vi.waitFor(() => expect(child.signalCode).toBe('SIGKILL'), { timeout: 8_000 });
    expect(Number(told)).toBeGreaterThan(20_000);
    expect(Number(told)).toBeLessThan(40_000);
  });
});
