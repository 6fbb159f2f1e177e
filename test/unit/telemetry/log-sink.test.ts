import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { createLogSink, type LogDestination } from '../../../src/telemetry/log-sink.ts';

function recording(): { chunks: string[]; flushed: number; destination: LogDestination } {
  const seen = { chunks: [] as string[], flushed: 0 };
  return Object.assign(seen, {
    destination: {
      write: (text: string) => seen.chunks.push(text),
      flush: () => {
        seen.flushed += 1;
      },
    },
  });
}

test('lines wait until there are enough, in order', () => {
  const seen = recording();
  const sink = createLogSink(seen.destination);
  const line = `${'x'.repeat(1023)}\n`;
  for (let count = 0; count < 63; count += 1) sink.write(line);
  expect(seen.chunks).toEqual([]);
  sink.write(`last${line}`);
  expect(seen.chunks).toEqual([`${line.repeat(63)}last${line}`]);
  expect(seen.flushed).toBe(1);
  sink.close();
});

test('a line waits no longer than the interval', async () => {
  const seen = recording();
  const sink = createLogSink(seen.destination);
  sink.write('one\n');
  expect(seen.chunks).toEqual([]);
  await vi.waitFor(() => expect(seen.chunks).toEqual(['one\n']));
  sink.close();
});

test('closing hands everything over, and later lines at once', () => {
  const seen = recording();
  const before = process.listenerCount('exit');
  const sink = createLogSink(seen.destination);
  expect(process.listenerCount('exit')).toBe(before + 1);
  sink.write('one\n');
  sink.close();
  sink.write('two\n');
  expect(seen.chunks).toEqual(['one\n', 'two\n']);
  expect(process.listenerCount('exit')).toBe(before);
});

test('memory of lines is used again once they are written, and not before', () => {
  const held: { bytes: Buffer; written: () => void }[] = [];
  const pages = new Set<ArrayBufferLike>();
  let text = '';
  const writeOne = () => {
    const { bytes, written } = held.shift()!;
    text += bytes.toString('latin1');
    // Whoever has written it does not look at it any more.
    bytes.fill('-');
    written();
  };
  const sink = createLogSink({
    write: () => {},
    writeBytes: (bytes, written) => {
      pages.add(bytes.buffer);
      held.push({ bytes, written });
    },
  });
  let expected = '';
  for (let n = 0; n < 20_000; n += 1) {
    const line = `line ${n} ${'x'.repeat(n % 300)}\n`;
    expected += line;
    sink.write(line);
    // From one that waits to five, and back.
    const most = Math.abs(((n >> 10) % 10) - 5);
    while (held.length > most) writeOne();
  }
  sink.close();
  while (held.length > 0) writeOne();
  expect(text === expected).toBe(true);
  expect(pages.size).toBeLessThan(25);
});

test('a destination that fails stops nobody', () => {
  const fail = () => {
    throw new Error('gone');
  };
  const sink = createLogSink({ write: fail, flush: fail, flushSync: fail });
  sink.write(`${'x'.repeat(20_000)}\n`);
  sink.close();
  sink.write('after\n');
});

describe('standard output of a process', () => {
  const module = (name: string) => JSON.stringify(new URL(`../../../src/telemetry/${name}`, import.meta.url).href);
  const script = (end: string) => `
    import { createLogSink } from ${module('log-sink.ts')};
    import { standardOutput } from ${module('standard-output.ts')};
    const sink = createLogSink(standardOutput(() => {}));
    for (let n = 0; n < 50000; n += 1) sink.write('line ' + n + '\\n');
    ${end}`;
  const expected = Array.from({ length: 50_000 }, (_, n) => `line ${n}\n`).join('');
  const run = promisify(execFile);

  test.each([
    ['ends by itself', ''],
    ['exits at once', 'process.exit(0);'],
    ['closes first', 'sink.close();'],
    ['settles, and closes', 'await sink.settle(); sink.close();'],
    ['throws', 'process.on("uncaughtException", () => process.exit(0)); throw new Error("x");'],
  ])('holds every line once and in order when it %s', async (_, end) => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script(end)], {
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(stdout.length).toBe(expected.length);
    expect(stdout === expected).toBe(true);
  });

  test('holds every line once and in order when it is written over many turns to a slow reader', async () => {
    const source = `
      import { createLogSink } from ${module('log-sink.ts')};
      import { standardOutput } from ${module('standard-output.ts')};
      const sink = createLogSink(standardOutput(() => {}));
      let n = 0;
      const some = () => {
        for (let end = n + 500; n < end; n += 1) sink.write('line ' + n + '\\n');
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

  test('ends although its reader is gone', async () => {
    const source = `
      import { createLogSink } from ${module('log-sink.ts')};
      import { standardOutput } from ${module('standard-output.ts')};
      const sink = createLogSink(standardOutput(() => {}));
      process.stdin.once('end', async () => {
        sink.write('nobody reads this\\n');
        await sink.settle();
        sink.write('nor this\\n');
        sink.close();
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

  test('ends although its reader takes nothing', async () => {
    const source = `
      import { createLogSink } from ${module('log-sink.ts')};
      import { standardOutput } from ${module('standard-output.ts')};
      const sink = createLogSink(standardOutput(() => {}));
      for (let n = 0; n < 4000; n += 1) sink.write('x'.repeat(1023) + '\\n');
      await sink.settle();
      sink.close();
      process.stderr.write('ended', () => process.kill(process.pid, 'SIGKILL'));`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    for await (const chunk of child.stderr) told += String(chunk);
    expect(told).toBe('ended');
  });

  test('drops and counts lines when nobody reads', async () => {
    const source = `
      import { createLogSink } from ${module('log-sink.ts')};
      import { standardOutput } from ${module('standard-output.ts')};
      let dropped = 0;
      const sink = createLogSink(standardOutput((lines) => { dropped += lines; }));
      const line = 'x'.repeat(1023) + '\\n';
      for (let n = 0; n < 40000; n += 1) sink.write(line);
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
